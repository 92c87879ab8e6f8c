"""The grammar: what a texted message says. Pure, total, and fast enough for one core to read a whole country.

`plain` reads a count and nothing else, the short way. Else `fold` makes a text comparable and `tokens` parts
it, once: the `FoldedText` is what all others read. `words` and `places` know vocabulary and precincts,
`items` gives each token its meaning, `clauses` finds the shape, `parse` each `clause` of it, `times` the
moment, `meaning` the readings.
"""

from intake.reading.grammar.meaning import read

__all__ = ["read"]
