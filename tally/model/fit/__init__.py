"""The day's state, fitted to what the gate let pass, and what it says of every precinct's final."""
