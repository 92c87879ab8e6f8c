"""What a count is worth: which can be true together, who rounds, whose may be none of its precinct's."""
