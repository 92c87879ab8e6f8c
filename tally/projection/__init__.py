"""The tally as one pure function: ledger, gate and model joined into standings as of a time."""
