"""Load through the real doors: texts as a provider sends them, a replayed day, simulated callers."""
