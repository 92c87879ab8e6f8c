"""The board's page: its frame, plain routes, past minutes, printable snapshots, and staff's actions."""
