"""Whether calling brings votes: called households against a control group that is never called."""
