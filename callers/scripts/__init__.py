"""What a caller says, by language, and the live trial of which script works better."""
