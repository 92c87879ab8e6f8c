"""What is published: numbered editions of the standings, and the board's JSON as of a time."""
