"""What an operator's own programs are given: keys of the API, and webhooks that tell them of calls."""
