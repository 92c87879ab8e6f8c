"""What each process needs to run: settings, clock, logs and metrics, small files, turns of the event loop."""
