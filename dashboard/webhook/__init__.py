"""Tells an operator's own programs of outcomes and strike-offs (`docs/reference/webhook.md`)."""
