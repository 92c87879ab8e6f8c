"""The war room: board, precinct pages, desks, accounts."""
