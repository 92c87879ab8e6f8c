"""A made-up county for demonstrations and rehearsals, and how its election day really goes."""
