"""What an election is: precincts, hours, people, rosters and check-ins, as plain values."""
