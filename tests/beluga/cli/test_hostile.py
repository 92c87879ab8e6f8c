"""Every command, with values that cannot be right: no traceback, a line that says what to do, an exit status.

The commands and their options are read from the command line itself, so that a new one is tried as well.
Tests may run as root, whom permissions do not stop: what cannot be read or written here cannot be by anybody.
"""

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from typer.testing import CliRunner

from beluga.commands import app
from beluga.county.county import write_county
from intake.journal.file import SUFFIX
from tests.beluga.running import ROOT, environment, run_beluga

SECRET = "a secret of at least thirty-two characters"
NOWHERE = "/proc/nope/x"
# A line that says what to do names a command, an option or a setting, or tells in the imperative.
REMEDY = re.compile(
    r"beluga [a-z]+|BELUGA_[A-Z]|--[a-z]|Try '"
    r"|\b(?:name|set|write|choose|mend|check|add|see|start|look|keep|save) "
)

# What each command is given so that it goes as far as it can without a stack; {…} are places in `places`.
# What would start a stack of its own is kept from it by a folder that cannot be.
BASE: dict[str, dict[str, str]] = {
    "check": {"folder": "{election}"},
    "adopt": {"files": "{garbage}", "into": "{fresh}"},
    "early": {"files": "{garbage}", "into": "{fresh}"},
    "early-day begin": {"folder": "{election}", "day": "2026-10-24", "into": "{fresh}"},
    "early-day end": {"folder": "{election}", "day": "2026-10-24", "state": "{nostack}"},
    "import": {"folder": "{election}", "state": "{nostack}"},
    "export": {"folder": "{fresh}", "state": "{nostack}"},
    "read": {"election": "{election}", "texts": "06-02 556"},
    "card": {"folder": "{election}", "out": "{fresh}"},
    "project": {
        "election": "{election}", "reports": "{reports}", "as_of": "2026-11-03T12:00", "out": "{fresh}",
        "summary": "{fresh}",
    },
    "backtest": {
        "folder": "{election}", "reports": "{reports}", "final": "{final}", "out": "{fresh}", "every": "240",
    },
    "up": {"state": NOWHERE},
    "status": {"state": "{nostack}"},
    "down": {"state": "{nostack}"},
    "demo": {"state": NOWHERE},
    "replay": {"folder": "{election}", "reports": "{reports}", "state": "{nostack}"},
    "recount": {"state": "{nostack}"},
    "totals": {"state": "{nostack}"},
    "effect": {"state": "{nostack}", "voted": "{garbage}"},
    "reread": {"state": "{nostack}"},
    "install": {"domain": "turnout.example.org", "source": "{fresh}"},
    "upgrade": {"source": "{fresh}"},
    "preflight": {"state": "{nostack}", "url": "http://127.0.0.1:1", "http_port": "1"},
    "capacity": {},
    "surge": {"state": "{nostack}"},
    "rehearse": {"state": "{nostack}", "election": "{election}", "out": "{garbage}"},
    "gameday": {"script": "{script}", "out": "{garbage}"},
    "migrate": {"state": "{nostack}"},
    "purge": {"state": "{nostack}", "certificate": "{fresh}"},
    "links issue": {"state": "{nostack}", "watchers": "w1"},
    "links revoke": {"state": "{nostack}", "watchers": "w1"},
    "links sheet": {"state": "{nostack}", "out": "{fresh}"},
    "links text": {"state": "{nostack}", "watchers": "w1"},
    "links operator": {"state": "{nostack}", "login": "ada"},
    "backup now": {"state": "{nostack}"},
    "backup list": {"state": "{nostack}"},
    "backup verify": {"state": "{nostack}", "folder": "{backups}"},
    "backup restore": {"state": "{nostack}", "folder": "{backups}"},
    "journal ls": {"state": "{nostack}"},
    "journal verify": {"files": "{garbage}"},
    "journal aside": {"to": "{fresh}", "state": "{torn}"},
    "journal drain": {"file": "{garbage}", "state": "{nostack}"},
    "numbers list": {"state": "{nostack}"},
    "numbers search": {"area": "215"},
    "numbers buy": {"number": "+12155550100", "provider": "twilio", "state": "{nostack}"},
    "numbers point": {"state": "{nostack}", "url": "https://turnout.example.org"},
    "numbers test": {"state": "{nostack}"},
    "user add": {"login": "ada"},
    "user reset": {"login": "ada"},
    "user disable": {"login": "ada"},
    "user codes": {"login": "ada"},
    "user sign-out": {"login": "ada"},
    "user role": {"login": "ada", "role": "staff"},
    "user list": {},
    "rollcall status": {"state": "{nostack}"},
    "rollcall invite": {"state": "{nostack}"},
    "rollcall remind": {"state": "{nostack}"},
    "watchers plan": {"folder": "{election}", "watchers": "3"},
    "callers link": {"caller_id": "c1", "state": "{nostack}"},
    "callers captain": {"state": "{nostack}"},
    "callers revoke": {"callers": "c1", "state": "{nostack}"},
    "callers bank": {"name": "Hall", "state": "{nostack}"},
    "callers list": {"precinct": "12-01", "state": "{nostack}", "out": "{fresh}"},
    "callers outcomes": {"list_id": "x", "file": "{garbage}", "state": "{nostack}"},
    "callers scripts": {"file": "{garbage}", "state": "{nostack}"},
}  # fmt: skip

# What is no fault: an output file that is written over or made, words that may be anything.
RIGHT = {
    ("project", "out", "garbage"), ("project", "summary", "garbage"), ("backtest", "out", "garbage"),
    ("card", "out", "garbage"), ("card", "number", ""),
    ("read", "texts", ""), ("read", "sender", ""), ("read", "at", ""),
    ("check", "limit", "huge"), ("journal aside", "to", "folder"), ("journal aside", "to", "missing"),
    ("import", "limit", "huge"), ("watchers plan", "by", ""),
    ("adopt", "name", ""), ("adopt", "name", "none"), ("adopt", "report", "garbage"),
    ("early", "report", "garbage"), ("adopt", "into", "missing"),
    ("capacity", "", ""), ("backup list", "", ""), ("read", "texts", "none"), ("read", "sender", "none"),
}  # fmt: skip
STARTS = (("up", "state"), ("demo", "state"), ("gameday", "out"))  # a stack, where that can be made
WOULD_START = {(name, option, word) for name, option in STARTS for word in ("folder", "missing")}
PATHS = ("nowhere", "garbage", "below_a_file", "folder", "missing")
FULL = {  # outputs, that is: to read from /dev/full has no end
    ("card", "out"),
    ("project", "out"), ("project", "summary"), ("backtest", "out"), ("purge", "certificate"),
    ("rehearse", "out"), ("gameday", "out"), ("export", "folder"), 
    ("journal aside", "to"), ("backup now", "folder"),
}  # fmt: skip


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = command.context_class(command)
    for each in command.list_commands(context):
        yield from leaves(command.get_command(context, each), f"{name} {each}".strip())


COMMANDS = dict(leaves(typer.main.get_command(app)))


def own(command: Any) -> list[Any]:
    return (
        [p for p in command.params if p.name != "help" and not getattr(p, "is_flag", False)]
        if command
        else []
    )


def hostile(name: str, option: Any) -> Iterator[tuple[str, str]]:
    """Values that cannot be right, by a word for each."""
    annotation = str(option.type_descriptor.annotation)
    if "Path" in annotation:
        for word in PATHS:
            yield word, f"{{{word}}}"
        if (name, option.name) in FULL:
            yield "full", "/dev/full"
    elif "int" in annotation or "float" in annotation:
        yield "x", "x"
        yield "huge", "9" * 30 if "int" in annotation else "nan"
        if option.min is not None:
            yield "under", str(option.min - 1)
        if option.max is not None:
            yield "over", str(option.max + 1)
    else:
        yield "none", "no-such-thing"
        yield "", ""


CASES = [
    (name, option.name, word, value)
    for name, command in COMMANDS.items()
    for option in own(command)
    for word, value in hostile(name, option)
    if (name, option.name, word) not in WOULD_START
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    base = tmp_path_factory.mktemp("places")
    write_county(base / "election", 3, 8)
    (base / "election" / "voters.csv").unlink()  # thousands, read again and again
    (base / "garbage").write_bytes(b"\xff\xfe\x00garbage\x80")
    for name in ("folder", "nostack", "backups/20261103T000000Z"):
        (base / name).mkdir(parents=True)
    first = (base / "election" / "precincts.csv").read_text().splitlines()[1].split(",")[0]
    (base / "reports.csv").write_text(
        f"precinct_id,observed_at,votes,received_at\n{first},2026-11-03T09:00,50,2026-11-03T09:01\n"
    )
    (base / "final.csv").write_text(f"precinct_id,votes\n{first},400\n")
    return {
        "nowhere": NOWHERE, "garbage": str(base / "garbage"), "below_a_file": str(base / "garbage" / "x"),
        "folder": str(base / "folder"), "missing": str(base / "no" / "such" / "thing"),
        "election": str(base / "election"), "nostack": str(base / "nostack"),
        "reports": str(base / "reports.csv"), "final": str(base / "final.csv"),
        "backups": str(base / "backups"), "script": str(ROOT / "chaos" / "gamedays" / "short.yaml"),
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands set up the process that they believe to be their own."""
    monkeypatch.chdir(tmp_path)
    logging = structlog.get_config()
    yield
    structlog.configure(**logging)
    gc.enable()


def run(name: str, given: dict[str, str], places: dict[str, str], tmp_path: Path, **more: str) -> Any:
    """The command with these values, in this process."""
    places = places | {"fresh": str(tmp_path / "fresh"), "torn": str(tmp_path)}
    (tmp_path / "intake" / "journal-0").mkdir(parents=True)
    (tmp_path / "intake" / "journal-0" / f"1{SUFFIX}").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    words = name.split()
    for option in own(COMMANDS[name]):
        if option.name in given:
            value = given[option.name].format(**places) if "{" in given[option.name] else given[option.name]
            words += [value] if option.param_type_name == "argument" else [option.opts[0], value]
    if words[0] == "user":
        words[1:1] = ["--state", places["nostack"]]
    env: dict[str, str | None] = dict(environment(BELUGA_SECRET=SECRET) | more)
    return CliRunner(env=env).invoke(app, words, input="")


def judged(result: Any, *, may_succeed: bool = False) -> None:
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"a traceback: {result.exception!r}\n{result.output}") from result.exception
    assert "Traceback" not in result.output
    if may_succeed and result.exit_code == 0:
        return
    assert result.exit_code != 0, result.output
    assert REMEDY.search(result.output), f"it does not say what to do: {result.output!r}"


def test_every_command_is_tried() -> None:
    assert BASE.keys() == COMMANDS.keys()
    for name, given in BASE.items():
        assert given.keys() <= {p.name for p in own(COMMANDS[name])}, name


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_stack(name: str, places: dict[str, str], tmp_path: Path) -> None:
    judged(run(name, BASE[name], places, tmp_path), may_succeed=True)


@pytest.mark.parametrize(("name", "option", "word", "value"), CASES)
def test_a_value_that_cannot_be_right(
    name: str, option: str, word: str, value: str, places: dict[str, str], tmp_path: Path
) -> None:
    result = run(name, BASE[name] | {option: value}, places, tmp_path)
    judged(result, may_succeed=(name, option, word) in RIGHT)


ENVIRONMENTS = {
    "garbage for a database": {"BELUGA_DATABASE_URL": "garbage"},
    "half an address": {"BELUGA_DATABASE_URL": "postgresql://[x"},
    "nobody at the address": {"BELUGA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    "a port that is none": {"BELUGA_DATABASE_URL": "postgresql://nobody@127.0.0.1:x/none"},
    "a short secret": {"BELUGA_SECRET": "short"},
    "hours that are none": {"BELUGA_CALL_FROM": "noon", "BELUGA_OUTBOUND_NUMBERS": "{"},
    "a service that is not there": {"BELUGA_CALLERS_URL": "http://127.0.0.1:1"},
    "an address that is none": {"BELUGA_CALLERS_URL": "nowhere", "BELUGA_PUBLIC_URL": "nowhere"},
    "a clock that is none": {"BELUGA_CLOCK_FILE": NOWHERE},
}
OF_FILES = {"check", "adopt", "early", "project", "backtest", "read", "card", "capacity", "install",
            "upgrade", "watchers plan"}  # fmt: skip
FIRST = next(iter(ENVIRONMENTS))


@pytest.mark.parametrize(
    ("name", "surroundings"),
    # what reads files alone is tried in the first of them: it asks for no database, service or clock
    [(name, each) for name in COMMANDS for each in ENVIRONMENTS if name not in OF_FILES or each == FIRST],
)
def test_surroundings_that_cannot_be_right(
    name: str, surroundings: str, places: dict[str, str], tmp_path: Path
) -> None:
    judged(run(name, BASE[name], places, tmp_path, **ENVIRONMENTS[surroundings]), may_succeed=True)


FILES = ("run.json", "secrets.toml", "stack.json")
KINDS = ("garbage", "a folder", "empty", "another shape")


def damages() -> Iterator[tuple[str, str, str]]:
    """Every kind of damage to every file for one command; for each other every file and every kind once.

    One function reads each of these files, whoever asks.
    """
    names = [name for name in COMMANDS if BASE[name].get("state") == "{nostack}"]
    assert "status" in names
    for place, name in enumerate(names):
        for number, kind in enumerate(KINDS):
            for turn, file in enumerate(FILES):
                if name == "status" or turn == (place + number) % len(FILES):
                    yield name, kind, file


@pytest.mark.parametrize(("name", "kind", "file"), list(damages()))
def test_a_state_folder_that_is_damaged(
    name: str, kind: str, file: str, places: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    if kind == "a folder":
        (state / file).mkdir()
    else:
        contents = {
            "garbage": b"\xff\x00{",
            "empty": b"",
            "another shape": b"[1]" if file != "secrets.toml" else b"secret = 1",
        }
        (state / file).write_bytes(contents[kind])
    judged(
        run(name, BASE[name] | {"state": str(state)}, places, tmp_path, BELUGA_SECRET=""), may_succeed=True
    )


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--port-base", "99999"),
        ("up", "--state", "{garbage}"),
        (
            "project",
            "--election",
            "{election}",
            "--reports",
            "{reports}",
            "--as-of",
            "2026-11-03T12:00",
            "--out",
            NOWHERE,
        ),
        ("backup", "now", "--folder", NOWHERE),
        ("purge", "--check", "/nope"),
        ("callers", "scripts", "/nope"),
        ("callers", "scripts", "{garbage}"),
    ],
)
def test_as_a_process_it_says_one_line(
    words: tuple[str, ...], places: dict[str, str], tmp_path: Path
) -> None:
    done = run_beluga(
        *(word.format(**places) for word in words), BELUGA_SECRET=SECRET, BELUGA_STATE=str(tmp_path / "s"),
        BELUGA_CALLERS_URL="http://127.0.0.1:1", BELUGA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert REMEDY.search(done.stderr), done.stderr
    if done.returncode == 1:
        assert done.stderr.count("\n") == 1
