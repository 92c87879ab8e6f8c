"""The client of the tally's feed: one connection, one fold of its messages, and one answer to how old they
are.
"""
