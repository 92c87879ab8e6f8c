"""One module a kind: rows of a recognised table become parts of the election's folder."""
