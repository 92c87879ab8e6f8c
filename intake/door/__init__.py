"""The one door of people's writes: what a write would do, and whether its account may do that."""
