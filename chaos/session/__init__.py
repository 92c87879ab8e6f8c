"""One experiment under way: its target, history, watchers and heal list; and runbooks run as printed."""
