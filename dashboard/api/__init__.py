"""The API for an operator's own programs (`docs/reference/api.md`): keys, their rate, calls."""
