"""Totals fit into one text message, and onto paper."""

from datetime import UTC, datetime

from beluga.cli.totals import SEGMENT, as_sheet, as_text

AT = datetime(2026, 11, 3, 17, 5, tzinfo=UTC)


def an_aggregate(scope: str, **changes: float) -> dict[str, object]:
    return {
        "scope": scope, "precincts": 60, "reporting": 41, "silent": 7, "lagging": 3, "coverage": 0.68,
        "counted": 12_345, "expected_final": 30_100.4, "projected_final": 29_800.6, "lo80": 29_000.0,
        "hi80": 30_700.0,
    } | changes  # fmt: skip


def test_the_headline_fits_one_text() -> None:
    said = as_text([an_aggregate("county:A"), an_aggregate("all")], AT)
    assert said.startswith("17:05 UTC: 12345 counted, final 29801 (29000-30700), expected 30100.")
    assert "41/60 report, 3 lag, 7 silent" in said
    huge = an_aggregate(
        "all", counted=150_000_000, expected_final=2e8, projected_final=2e8, precincts=180_000
    )
    assert len(as_text([huge], AT)) <= SEGMENT
    assert said.isascii()


def test_the_sheet_has_everywhere_first_and_counties_in_order() -> None:
    lines = as_sheet([an_aggregate("county:Zeta"), an_aggregate("all"), an_aggregate("county:Alpha")], AT)
    names = [line.split()[0] for line in lines.splitlines()[2:]]
    assert names == ["everywhere", "Alpha", "Zeta"]
    assert "68%" in lines
    assert len({len(line) for line in lines.splitlines()[1:]}) == 1
