"""The watcher's form: a personal link, pages that work without a network, and the links to print."""
