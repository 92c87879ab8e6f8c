# ruff: noqa: E501, UP031  (a table of wrong lines and what is said of each)
"""A folder says where it is wrong and what to do, and never anything but that."""

from datetime import UTC, datetime, time
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from election.domain.day import Election
from election.domain.phones import by_library, e164
from election.folder import (
    Findings,
    FolderError,
    check_all,
    examine,
    read_election,
    read_reports,
    stream_voters,
)
from election.folder.headings import FILES
from election.folder.repeats import Repeats

DAY = 'name = "A day"\ndate = 2026-11-03\ntimezone = "America/New_York"\nopens = "07:00"\ncloses = "20:00"\n'
PRECINCTS = "precinct_id,name,registered\n12-01,School,1510\n12-02,Gym,1322\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "election.toml").write_text(DAY)
    (tmp_path / "precincts.csv").write_text(PRECINCTS)
    return tmp_path


def wrong(folder: Path, name: str, content: str | bytes) -> list[str]:
    """The problems after writing one file."""
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    findings = Findings()
    check_all(folder, findings)
    return [str(p) for p in findings.problems]


def test_the_sample_county_reads(shared: Path) -> None:
    election = read_election(shared / "data" / "sample_county")
    assert [p.precinct_id for p in election.precincts][:3] == ["12-01", "12-02", "12-03"]
    assert election.precincts[2].aliases == ("firehouse",)
    assert election.watchers[2].precinct_ids == ("12-03", "12-04")


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbfPrecinct;PrecinctName;Registered_Voters;Extra\r\n12-01;"A; \xc3\xa9\r\nB";1.510;\r\n',
        b"sep=\t\nELIGIBLE_VOTERS\tprecinct\tPRECINCT-NAME\tx\n1,510\t12-01\tA; \xc3\xa9 B\t1\n\t\t\t\n",
        b'\r\nname,registered,precinct_id,x\r" A; \xc3\xa9\nB ","1,510",12-01\r',
    ],
)
def test_dialects_of_csv_say_the_same(folder: Path, content: bytes) -> None:
    (folder / "precincts.csv").write_bytes(content.replace(b"1.510", b"1510.0"))
    findings = Findings()
    (precinct,) = examine(folder, findings).election.precincts
    assert findings.problems == ()
    assert (precinct.precinct_id, precinct.name, precinct.registered) == ("12-01", "A; é B", 1510)
    assert "is not used" in str(findings.notices[0])


def test_every_error_has_its_line_column_and_remedy(folder: Path) -> None:
    assert wrong(
        folder,
        "precincts.csv",
        "precinct_id,name,registered,opens,closes,timezone,lat,lon,expected_votes\n"
        '12-01,"Two\nlines",1510,,,,,,\n'
        "12-01,Again,100,,,,,,\n"
        ",Nameless,12x,7.30,,Europe/Bucarest,91,,\n"
        "12-03,Late,0,21:00,,,,,\n"
        "12-04,Over,100,,,,,,820\n"
        "12-05,Comma, unquoted,100,,,,,,\n"
        '12-06,A "quote" within,100,,,,,,\n',
    ) == [
        "precincts.csv:4: precinct_id: '12-01' is on line 2 too, keep one",
        "precincts.csv:5: precinct_id: is empty, fill it in",
        "precincts.csv:5: registered: '12x' is not a whole number, write digits alone, such as 1204",
        "precincts.csv:5: opens: '7.30' is not a time of day, write HH:MM, such as 07:00",
        "precincts.csv:5: lon: is empty, give both lat and lon, or neither",
        "precincts.csv:5: timezone: there is no time zone 'Europe/Bucarest', did you mean Europe/Bucharest?",
        "precincts.csv:5: lat: 91 is out of range, write a number from -90 to 90",
        "precincts.csv:6: registered: there are no registered voters, give their number, or take the line out",
        "precincts.csv:6: opens: the polls close before they open, correct the hours",
        "precincts.csv:8: registered: 'unquoted' is not a whole number, write digits alone, such as 1204",
        "precincts.csv:8: opens: '100' is not a time of day, write HH:MM, such as 07:00",
    ]


def test_more_expected_than_registered_is_a_notice(folder: Path) -> None:
    (folder / "precincts.csv").write_text("precinct_id,name,registered,expected_votes\n12-01,A,100,120\n")
    findings = Findings()
    (precinct,) = examine(folder, findings).election.precincts
    assert findings.problems == ()
    assert precinct.expected_votes == 120.0
    assert "more than the 100 registered" in str(findings.notices[0])


def test_history_says_kinds_and_counts_that_are_not_whole(folder: Path) -> None:
    (folder / "precincts.csv").write_text("precinct_id,name,registered\n12-01,A,1000\n")
    (folder / "history.csv").write_text(
        "precinct_id,election,votes,registered,kind\n12-01,G22,412.5,990,midterm\n12-01,P23,88,990,\n"
    )
    findings = Findings()
    history = examine(folder, findings).election.history
    assert findings.problems == ()
    assert [(v.votes, v.kind) for v in history] == [(412.5, "midterm"), (88, "")]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("precincts.csv", "precinct_id,name\n1,A\n", "precincts.csv:1: registered: this column is missing"),
        ("precincts.csv", "precinct,precinct_id,Precinct-ID,registered\n", "precinct_id: two columns have this"),
        ("precincts.csv", "", "precincts.csv:1: is empty"),
        ("precincts.csv", "precinct_id,registered\n", "precincts.csv: names no precinct"),
        ("precincts.csv", PRECINCTS.encode("utf-16"), "precincts.csv:1: is written in UTF-16"),
        ("precincts.csv", PRECINCTS.encode() + b"12-03,\xe9,100\n", "precincts.csv:4: holds bytes that are not UTF-8"),
        ("precincts.csv", PRECINCTS + "12-03,\0,100\n", "precincts.csv:4: holds a NUL"),
        ("precincts.csv", PRECINCTS + '12-03,"open,100\n', "precincts.csv:4: a quotation mark opens here and never"),
        ("precincts.csv", PRECINCTS + '12-03,"a"b,100\n', "precincts.csv:4: a quotation mark stands within"),
        ("precincts.csv", PRECINCTS + "12-03,a,100,more\n", "precincts.csv:4: has more cells than"),
        ("precincts.csv", b"PK\x03\x04rest", "precincts.csv:1: is a spreadsheet workbook"),
        ("precincts.csv", "precinct_id,registered,aliases\n1,9,a\n2,9,A\n", "precincts.csv:3: aliases: 'A' is an alias of '1' too"),
        ("election.toml", DAY.replace("20:00", "06:00"), "election.toml:5: closes: 06:00 is not after opens"),
        ("election.toml", DAY.replace("New_York", "Nowhere"), "election.toml:3: timezone: there is no time zone"),
        ("election.toml", DAY.replace("2026-11-03", '"soon"'), "election.toml:2: date: is missing or no date"),
        ("election.toml", DAY + "= 1\n", "election.toml:6: is not TOML"),
        ("election.toml", DAY + 'region = "XX"\n', "election.toml:6: region: is no country"),
        ("election.toml", b"name = '\xff'", "election.toml:1: holds bytes that are not UTF-8"),
        ("history.csv", "precinct_id,election,votes\n1201,2022,5\n", "history.csv:2: precinct_id: there is no precinct '1201', did you mean 12-01?"),
        ("history.csv", "precinct_id,election,votes,method\n12-01,2022,5,fax\n", "history.csv:2: method: 'fax' is no method"),
        ("history.csv", "precinct_id,election,votes\n12-01,2022,5\n12-01,2022,6\n", "history.csv:3: precinct_id: this precinct, election and method"),
        ("curve.csv", "scope,time,share\nall,08:00,45\n", "curve.csv:2: share: '45' is no share, write a share from 0 to 1"),
        ("curve.csv", "scope,time,share\nall,08:00,nan\n", "curve.csv:2: share: 'nan' is no share"),
        ("curve.csv", "scope,time,share\nall,09:00,.2\nall,08:00,.3\n", "curve.csv:2: share: 0.2 is less than 0.3 at 08:00, line 3"),
        ("curve.csv", "scope,time,share\nall,09:00,.2\nall,9:00,.3\n", "curve.csv:3: time: this scope, election and time are on line 2"),
        ("curve.csv", "scope,time,share\ntown:X,09:00,.2\n", "curve.csv:2: scope: 'town:X' is no scope"),
        ("curve.csv", "scope,time,share\nprecinct:9,09:00,.2\n", "curve.csv:2: scope: there is no precinct '9'"),
        ("curve.csv", "scope,time,share\nall,25:00,.2\n", "curve.csv:2: time: '25:00' is not a time"),
        ("watchers.csv", "watcher_id,name,phone,precinct_ids\na,A,555-0101,\n", "watchers.csv:2: phone: this is not a whole phone number, write it with area code"),
        ("watchers.csv", "watcher_id,name,phone,precinct_ids\na,A,2155550101,\nb,B,(215) 555-0101,\n", "watchers.csv:3: phone: line 2 has this phone too"),
        ("watchers.csv", 'watcher_id,name,phone,precinct_ids\na,A,2155550101,"12-01,12-02"\n', "watchers.csv:2: precinct_ids: there is no precinct '12-01,12-02'"),
        ("callers.csv", "caller_id,name,contact,languages\na,A,,xx-\n", "callers.csv:2: languages: 'xx-' is no language"),
        ("callers.csv", "caller_id,name,contact,counties\na,A,,Nowhere\n", "callers.csv:2: counties: no precinct is in 'Nowhere'"),
        ("callers.csv", "caller_id,name,contact,elsewhere\na,A,,no\n", "callers.csv:2: elsewhere: whoever may not call elsewhere needs a county"),
        ("voters.csv", "VoterFileID,Precinct,Roll,Name,CellPhone\n1,12-01,1,N,\n1,12-01,2,M,\n", "voters.csv:3: voter_id: this id is on line 2 too"),
        ("voters.csv", "VoterFileID,Precinct,Roll,Name,CellPhone\n1,12-01,7,N,\n2,12-01,7,M,\n", "voters.csv:3: roll_number: this precinct's roll number is on line 2"),
        ("voters.csv", "voter_id,precinct_id,roll_number,name,phone,support,voted\n1,12-01,7,N,,101,\n", "voters.csv:2: support: 101 is out of range"),
        ("voters.csv", "voter_id,precinct_id,roll_number,name,phone,support,voted\n1,12-01,7,N,,,perhaps\n", "voters.csv:2: voted: 'perhaps' is neither yes nor no"),
        ("precincts.geojson", "{", "precincts.geojson:1: is not JSON"),
        ("precincts.geojson", "[]", "precincts.geojson:1: features: this is no FeatureCollection"),
        ("precincts.geojson", '{"features":[{"properties":{"precinct_id":"99"}}]}', "precincts.geojson: feature 1: there is no precinct '99'"),
        ("precincts.geojson", '{"features":[{"properties":{}}]}', "precincts.geojson: feature 1: has no property precinct_id"),
        ("precincts.geojson", '{"features":[{"id":"12-01","geometry":{"type":"Point","coordinates":[500000,4000000]}}]}', "a point lies off the globe, export it in WGS 84"),
        ("precincts.geojson", '{"features":[{"id":"12-01","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2]]]}}]}', "a ring is open"),
        ("reports.csv", "precinct_id,observed_at,votes\n99,2026-11-03T10:00,5\n", "reports.csv:2: precinct_id: there is no precinct '99'"),
        ("reports.csv", "precinct_id,observed_at,votes\n12-01,2026-11-03,-5\n", "reports.csv:2: observed_at: '2026-11-03' is no time"),
        ("reports.csv", "precinct_id,observed_at,votes,kind\n12-01,10:00,5,guess\n", "reports.csv:2: kind: 'guess' is no kind"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(
    folder: Path, name: str, content: str | bytes, expected: str
) -> None:
    problems = wrong(folder, name, content)
    assert any(expected in p for p in problems), problems
    assert all(p.startswith(name) for p in problems)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as caught:
        read_election(tmp_path)
    assert "election.toml: is missing" in str(caught.value)
    assert "precincts.csv: is missing" in str(caught.value)
    with pytest.raises(FolderError, match="there is no such folder"):
        read_election(tmp_path / "nowhere")


def test_many_problems_are_counted_not_listed(folder: Path) -> None:
    rows = "".join(f"{n},A,0\n" for n in range(1_334))
    (folder / "precincts.csv").write_text("precinct_id,name,registered\n" + rows)
    with pytest.raises(FolderError) as caught:
        read_election(folder)
    lines = str(caught.value).splitlines()
    assert len(lines) == 101
    assert lines[-1] == "precincts.csv: and 1,234 more"
    assert caught.value.total == 1_334


def test_messages_never_repeat_a_phone_or_a_name(folder: Path) -> None:
    rows = "v1,12-99,x\ty,Ann Example,21555501\nv1,12-01,1,Ann Example,21555501\n"
    problems = wrong(folder, "voters.csv", "voter_id,precinct_id,roll_number,name,phone\n" + rows)
    assert len(problems) == 5
    assert not any("Ann" in p or "21555501" in p for p in problems)


def test_shapes_are_rounded_thinned_and_joined(folder: Path) -> None:
    ring = "[[-75.1234567,40,9],[-75.1234568,40,9],[-75,40],[-75,41],[-75.1234567,40,9]]"
    feature = '{"properties":{"PRECINCT":"12-01"},"geometry":{"type":"Polygon","coordinates":[%s]}}' % ring
    (folder / "precincts.geojson").write_text('{"features":[%s,%s]}' % (feature, feature))
    shape = read_election(folder).geometry["12-01"]
    part = [[[-75.12346, 40.0], [-75.0, 40.0], [-75.0, 41.0], [-75.12346, 40.0]]]
    assert shape == {"type": "MultiPolygon", "coordinates": [part, part]}


def test_report_times_with_and_without_offset(folder: Path) -> None:
    (folder / "precincts.csv").write_text(
        "precinct_id,name,registered,timezone\n12-01,School,1510,\n12-02,Gym,1322,America/Chicago\n"
    )
    (folder / "reports.csv").write_text(
        "precinct_id,observed_at,votes,received_at,kind,source,note\n"
        "12-01,2026-11-03T10:05:00-05:00,412,,,,\n"
        '12-02,2026-11-03 10:05,"1,412",2026-11-03T16:06:00Z,FINAL,w2,by hand\n'
        "12-01,10:05 am,3,,,,\n"
    )
    election = read_election(folder)
    first, second, third = read_reports(folder / "reports.csv", election)
    at = datetime(2026, 11, 3, 15, 5, tzinfo=UTC)
    assert (first.observed_at, first.received_at, first.votes, first.line) == (at, at, 412, 2)
    assert (second.observed_at, second.votes) == (at.replace(hour=16), 1412)
    assert (second.received_at, second.kind) == (at.replace(hour=16, minute=6), "final")
    assert (second.source, second.note) == ("w2", "by hand")
    assert third.observed_at == at


def test_a_watcher_without_a_language_speaks_the_first(folder: Path) -> None:
    (folder / "election.toml").write_text(DAY + 'languages = ["es", "en"]\nregion = "RO"\n')
    (folder / "watchers.csv").write_text(
        "VANID,Full Name,Mobile,Lang,Precincts,Shift Begins\na,A,0722 123 456,,12-02; 12-01;,7:30 am\nb,B,+12155550101,Vietnamese,,\n"
    )
    first, second = read_election(folder).watchers
    assert (first.language, second.language) == ("es", "vi")
    assert (first.phone, second.phone) == ("+40722123456", "+12155550101")
    assert first.precinct_ids == ("12-02", "12-01")
    assert first.shift_start == time(7, 30)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([None, "US", "RO", "GB", "IT", "DE", "MX", "AR", "IN", "BR", "FR", "NG", "KE"]),
    st.text("0123456789", min_size=5, max_size=14),
    st.sampled_from(["", "+", "+1", "+44", "+39", "+49", "+52", "+54", "1", "0", "00", "011", "215"]),
)
@example("US", "2155550101", "1")
@example("IT", "0612345678", "")
@example("DE", "0301234567", "+49")
def test_quick_phones_are_the_library_s(region: str | None, digits: str, prefix: str) -> None:
    text = prefix + digits
    assert e164(text, region or "US") == by_library(text, region or "US")


def test_phones_as_people_write_them() -> None:
    for text in (
        "(215) 555-0101",
        "215.555.0101",
        "1-215-555-0101",
        "+1 215 555 0101",
        "215\u2011555\u20110101",
    ):
        assert e164(text, "US") == "+12155550101"
    for text in ("555-0101", "911", "", "+", "215-555-0101 x7", "n/a", "+99921555501011"):
        assert e164(text, "US") is None
    assert phonenumbers.is_possible_number(phonenumbers.parse(e164("020 7946 0958", "GB") or ""))


@given(st.lists(st.integers(0, 30)))
def test_repeats_name_the_first_line_and_each_later_one(keys: list[int]) -> None:
    repeats = Repeats()
    expected, first = [], {}
    for line, key in enumerate(keys):
        repeats.add(key, line)
        if key in first:
            expected.append((first[key], line))
        first.setdefault(key, line)
    assert list(repeats.found()) == expected


FRAGMENTS = st.sampled_from(
    [
        b"precinct_id,name,registered\n", b"12-01,A,5\n", b'"', b",", b";", b"\t", b"\r", b"\n", b"\0", b"\xff",
        b"\xef\xbb\xbf", b"scope,time,share\n", b"all,08:00,0.5\n", b"precinct:,1e400,nan\n", b"99999999999999999999",
        b"watcher_id,name,phone,precinct_ids\n", b"w,W,+12155550101,12-01\n", b"name = ", b"date = 0001-01-01\n",
        b"[", b"{", b'"features":[', b'{"properties":', b'"coordinates"', b"1e999", b"\xed\xa0\x80", b"-", b"=",
        b"precinct_id,observed_at,votes\n", b"12-01,0001-01-01T00:00+14:00,1\n", b"voter_id,precinct_id,roll_number,name,phone\n",
        b"v,12-01,\xd9\xa3,N,+\n", "\u0660\u2028\x85".encode(), b"timezone = '../etc'\n",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["election.toml", "precincts.geojson", *FILES]),
    st.one_of(st.binary(max_size=80), st.lists(FRAGMENTS, max_size=12).map(b"".join)),
)
def test_no_bytes_raise_anything_but_a_folder_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "election.toml").write_text(DAY)
    (folder / "precincts.csv").write_text(PRECINCTS)
    (folder / name).write_bytes(content)
    findings = Findings()
    check_all(folder, findings)
    try:
        assert isinstance(read_election(folder), Election)
    except FolderError as error:
        assert str(error)
        assert findings.total
    for finding in (*findings.problems, *findings.notices):
        assert "\n" not in str(finding)


def test_voters_stream_one_by_one(folder: Path) -> None:
    (folder / "voters.csv").write_text(
        "voter_id,precinct_id,roll_number,name,phone\n"
        + "".join(f"v{n},12-01,{n},N,\n" for n in range(50_000))
    )
    findings = Findings()
    heard: list[int] = []
    examined = examine(folder, findings)
    stream = stream_voters(folder / "voters.csv", "US", examined.known, findings, heard.append)
    assert next(stream).voter_id == "v0"
    assert not heard  # the rest is still unread
    assert sum(1 for _ in stream) == 49_999
    assert heard == sorted(heard)
    assert heard[-1] == (folder / "voters.csv").stat().st_size
