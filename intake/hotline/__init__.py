"""Reports that somebody else types in: the telephone operator's page, files, and sheets of paper."""
