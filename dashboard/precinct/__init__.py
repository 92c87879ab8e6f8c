"""One precinct's panel: a sentence, the day's chart, and the list of its check-ins."""
