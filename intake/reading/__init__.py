"""From a message to readings and entries of the log: grammar, incidents, and reading again."""
