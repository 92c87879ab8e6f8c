"""The grammar: what a texted message says. Pure, total, and fast enough for one core to read a whole country.

`fold` makes texts comparable, `tokens` parts them, `words` and `places` know vocabulary and precincts,
`items` gives each token its meaning, `clauses` finds the shape, `parse` each `clause` of it, `times` the
moment, `meaning` the readings.
"""

from intake.reading.grammar.meaning import read

__all__ = ["read"]
