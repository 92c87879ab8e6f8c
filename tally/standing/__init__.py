"""A precinct's state and its reasons, from figures to the rounded columns that are published."""
