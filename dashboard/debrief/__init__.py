"""The debrief: what lagged, what was done, what came of it, and what the model missed."""
