"""A county's files from the browser to a checked and imported election."""
