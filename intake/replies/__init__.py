"""Words for people: what a text is for, how it is worded, how many segments it takes."""
