"""Doors: the buildings of a walk list on lease to a canvasser, and who lives behind each."""
