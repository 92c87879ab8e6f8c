"""Open-loop load by every way in that a watcher or provider has, recorded attempt by attempt."""
