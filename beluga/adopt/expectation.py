"""What the tally makes of an election's past, in a sentence for `beluga check`."""

import math

from election.domain.day import Election


def expectation_line(election: Election) -> str:
    """How many in-person votes the past expects, and how far past elections went otherwise; empty without a
    past, and where the campaign gives figures of its own for every precinct."""
    if not election.history or all(p.expected_votes is not None for p in election.precincts):
        return ""
    from tally.model.past.expectation import inputs_of  # numpy is slow to load, and few checks need it

    inputs = inputs_of(election)
    scales, whole = inputs.scales, float(inputs.expected.sum())
    low, high = (whole * math.exp(z * 1.2816 * inputs.level_sd) for z in (-1.0, 1.0))
    told = (
        f"learnt from {scales.elections} past elections predicted from those before"
        if scales.elections
        else "no past election can be predicted from one before it, so usual ones"
    )
    own = math.sqrt(scales.precinct**2 + scales.size**2 / 500.0)
    sds = f"whole elections by {_percent(inputs.level_sd)}, counties by {_percent(scales.county)}, "
    sds += f"precincts of 500 votes by {_percent(own)}"
    return (
        f"The past expects {whole:,.0f} votes in person on the day, before any count between {low:,.0f} and "
        f"{high:,.0f} (four of five). Departures ({told}): {sds}."
    )


def _percent(sd: float) -> str:
    return f"{100 * sd:.0f} %"
