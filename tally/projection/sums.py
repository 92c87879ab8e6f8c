"""Sums over precincts, with bands from their shared errors and the coverage guard's word beside them."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from election.wire.feed import Aggregate, CoverageByPlace
from election.wire.feed import PrecinctState as Name
from tally.model.constants import Constants
from tally.model.coverage import Coverage, Guard
from tally.model.fit.day_fit import DayFit, Finals, spread
from tally.model.past.expectation import Inputs
from tally.packed.count_columns import Array
from tally.projection.so_far import estimated_now
from tally.standing.columns import CODE, Projection

Z80, Z95 = 1.2816, 1.96


def aggregates(
    inputs: Inputs, guard: Guard, projection: Projection, state: DayFit, k: Constants
) -> list[Aggregate]:
    """The whole election first (scope "all"), then every county."""
    c = projection.columns
    everywhere = np.arange(len(inputs.ids), dtype=np.intp)
    known = Finals(everywhere, projection.log_median, projection.gain, projection.own_variance,
                   np.zeros(0), np.zeros(0), projection.part, projection.share)  # fmt: skip
    widths = spread(inputs, state, known, projection.mean, k)
    votes = np.maximum(c["last_votes"], 0)
    counted = c["last_votes"] >= 0
    silent = projection.codes == CODE[Name.SILENT.value]
    n = len(inputs.counties)

    def by_county(values: NDArray[Any]) -> Array:
        return np.bincount(inputs.county, values, n).astype(np.float64)

    sums = {
        "precincts": by_county(np.ones(len(silent))),
        "reporting": by_county(counted),
        "silent": by_county(silent),
        "lagging": by_county(projection.codes == CODE[Name.LAGGING.value]),
        "closed": by_county(projection.codes == CODE[Name.CLOSED.value]),
        "finals": by_county(c["final_in"] > 0),
        "counted": by_county(votes),
        "expected": by_county(inputs.expected),
        "projected": by_county(projection.mean),
        "expected_now": by_county(inputs.expected * projection.now_share),
        "estimated_now": by_county(estimated_now(projection, state)),
        "expected_counted": by_county(inputs.expected * projection.counted_share),
    }
    assert projection.widths is not None  # a projection begins with them
    sds = np.stack([projection.widths.expected, projection.widths.estimated], axis=1).tolist()
    said = guard.look(counted, counted & ~silent, projection.channel, projection.mean)
    whole = {name: float(v.sum()) for name, v in sums.items()}
    found = [_aggregate("all", whole, widths.total, sds[0], said[0], inputs.caveat)]
    for i, county in enumerate(inputs.counties):
        one = {name: float(v[i]) for name, v in sums.items()}
        variance = float(widths.counties[i])
        found.append(_aggregate(f"county:{county}", one, variance, sds[i + 1], said[i + 1], inputs.caveat))
    return found


def _aggregate(  # noqa: PLR0917
    scope: str, sums: dict[str, float], variance: float, now_sds: list[float], coverage: Coverage, caveat: str
) -> Aggregate:
    """`now_sds`: of the votes by now, as expected and as estimated."""
    total = max(sums["projected"], 1e-9)
    sd = math.sqrt(max(variance, 0.0)) / total
    least = sums["counted"]
    instead = coverage.instead
    if caveat and not coverage.caveat:
        low, high = (max(total * math.exp(z * Z95 * sd), least) for z in (-1.0, 1.0))
        instead = f"Between {low:,.0f} and {high:,.0f} votes: more cannot be said."
    return Aggregate(
        scope=scope,
        precincts=int(sums["precincts"]),
        reporting=int(sums["reporting"]),
        silent=int(sums["silent"]),
        lagging=int(sums["lagging"]),
        closed=int(sums["closed"]),
        finals=int(sums["finals"]),
        coverage=coverage.share,
        counted=int(sums["counted"]),
        expected_final=round(sums["expected"], 1),
        projected_final=round(max(total, least), 1),
        lo80=round(max(total * math.exp(-Z80 * sd), least), 1),
        hi80=round(max(total * math.exp(Z80 * sd), least), 1),
        lo95=round(max(total * math.exp(-Z95 * sd), least), 1),
        hi95=round(max(total * math.exp(Z95 * sd), least), 1),
        **_by_now(sums, now_sds),
        caveat=coverage.caveat or caveat,
        instead=instead,
        channels=coverage.channels,
        thin=[CoverageByPlace.model_construct(**asdict(reach)) for reach in coverage.thin],
    )


def _by_now(sums: dict[str, float], sds: list[float]) -> dict[str, float]:
    """Votes by now with their bands; the estimate is of no fewer than were counted."""
    expected, estimated, least = sums["expected_now"], sums["estimated_now"], sums["counted"]
    band = [math.exp(z * Z80 * sd) for sd in sds for z in (-1.0, 1.0)]
    return {
        "expected_now": round(expected, 1),
        "expected_lo80": round(expected * band[0], 1),
        "expected_hi80": round(expected * band[1], 1),
        "estimated_now": round(estimated, 1),
        "estimated_lo80": round(max(estimated * band[2], least), 1),
        "estimated_hi80": round(max(estimated * band[3], least), 1),
        "expected_counted": round(sums["expected_counted"], 1),
    }
