"""Pages for people: the caller's, the captain's, the sign-up, and sheets to print."""
