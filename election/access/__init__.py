"""Who may do what: identities read from signed tokens, and access that has been taken away."""
