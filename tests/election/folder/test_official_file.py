"""`official.toml`: what it may say, and every error with its line and remedy."""

from datetime import timedelta
from pathlib import Path

import pytest

from election.domain.official import OfficialSource, source_of
from election.folder.findings import Findings
from election.folder.official_file import official_toml, read_official

GOOD = """address = "https://elections.example.gov/turnout.csv"
every_minutes = 15
delay_minutes = 5

[columns]
precinct = "Precinct"
votes = "Ballots cast"
time = "As of"
"""


def read(folder: Path, text: str) -> tuple[OfficialSource | None, list[str]]:
    (folder / "official.toml").write_text(text, encoding="utf-8")
    findings = Findings()
    found = read_official(folder, findings)
    return found, [str(p) for p in (*findings.problems, *findings.notices)]


def test_a_source_is_read_kept_and_written_again(tmp_path: Path) -> None:
    found, said = read(tmp_path, GOOD)
    assert said == []
    assert found == OfficialSource(
        "https://elections.example.gov/turnout.csv", "csv", "Precinct", "Ballots cast", "As of", "",
        timedelta(minutes=15), timedelta(minutes=5),
    )  # fmt: skip
    assert source_of(found.as_row()) == found
    assert read(tmp_path, official_toml(found)) == (found, [])
    (tmp_path / "official.toml").unlink()
    assert read_official(tmp_path, Findings()) is None


HTTPS = "write the https address of the published file, without a password"
HEADING = '"the heading there"'


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("https://", "http://", 1, f"address: is not https, {HTTPS}"),
        ("https://", "https://me:secret@", 1, f"address: holds a name or password, {HTTPS}"),
        ("= 15", "= 0.1", 2, "every_minutes: '0.1' is out of bounds, write minutes from 2 to 240"),
        ("= 5\n", "= true\n", 3, "delay_minutes: 'True' is out of bounds, write minutes from 0 to 240"),
        ("= 5\n", '= 5\nformat = "xml"\n', 4, 'format: \'xml\' is not read, write format = "csv" or "json"'),
        ('"Ballots cast"', "3", 7, f"votes: is missing or no text, write votes = {HEADING}"),
        ('precinct = "Precinct"', "", 0, f"precinct: is missing or no text, write precinct = {HEADING}"),
        ("time =", "rows =", 8, 'rows: a table has no such place, leave it out, or write format = "json"'),
        ("time =", "area =", 8, "area: this key is not used"),
    ],
)
def test_each_error_has_its_line_and_its_remedy(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    found, words = read(tmp_path, GOOD.replace(old, new, 1))
    assert words == [f"official.toml{f':{line}' if line else ''}: {said}"]
    assert (found is None) == ("not used" not in said)


def test_what_is_no_toml_says_its_line(tmp_path: Path) -> None:
    found, words = read(tmp_path, GOOD.replace("[columns]", "columns"))
    assert found is None and len(words) == 1
    assert words[0].startswith("official.toml:5: is not TOML: ")


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "official.toml").write_bytes(b'address = "x"\n\xff\xfe')
    findings = Findings()
    assert read_official(tmp_path, findings) is None
    assert [str(p) for p in findings.problems] == [
        "official.toml:2: holds bytes that are not UTF-8, save it as UTF-8"
    ]
