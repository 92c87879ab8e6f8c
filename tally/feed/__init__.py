"""The feed's WebSocket server: hello, one snapshot, numbered deltas and beats."""
