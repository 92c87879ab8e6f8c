"""Where one more watcher would tell most."""
