"""From a phone to a durable check-in: providers, grammar, replies, form, journal, drain."""
