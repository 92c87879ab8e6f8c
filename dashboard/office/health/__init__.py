"""How every part of the stack does, and what the last kept preflight says has broken."""
