"""Messages between services: the tally's feed and the JSON APIs. Services meet here and nowhere else."""
