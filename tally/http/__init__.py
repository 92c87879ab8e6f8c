"""The tally's JSON API: figures of a minute, a precinct in detail, incidents, ids of what is counted."""
