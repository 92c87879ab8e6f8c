"""A precinct's entries as values, and what corrections, withdrawals and decisions make of them."""
