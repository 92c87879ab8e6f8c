"""Photos that watchers send: named in their messages, fetched or taken in, kept beside the journal."""
