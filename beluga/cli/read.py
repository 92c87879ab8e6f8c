"""`beluga read`: how the grammar reads a text, and what it would answer, without any service."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from election.domain.checkin import Channel, Message, Reading
from election.domain.ids import message_id
from election.domain.phones import normal_phone
from election.domain.roster import Roster

REGION = os.environ.get("BELUGA_PHONE_REGION", "US")  # as the services' setting of that name


def read(  # noqa: PLR0917 (options)
    election: Annotated[Path, typer.Option(help="The election folder.", exists=True, file_okay=False)],
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; none: one a line from standard input.")
    ] = None,
    sender: Annotated[str, typer.Option("--from", help="The sender's phone, as in watchers.csv.")] = "",
    at: Annotated[
        str | None,
        typer.Option(help="When it was sent, ISO 8601; without an offset local time; default: now."),
    ] = None,
    dialogues: Annotated[
        bool,
        typer.Option(
            "--dialogues",
            help='Lines are dialogues: {"name", "turns": [[from, text], ...]}; the first turn is sent --at.',
        ),
    ] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help='Lines are JSON: {"from", "text"[, "at"]}.')] = False,
) -> None:
    """Print the reading of each text as a JSON line: {"readings": [...], "reply": "..."}."""
    from election.domain.roster import roster_of
    from election.folder import FolderError, read_election
    from intake.reading.reader import readings_of
    from intake.replies.wording import reply_to

    try:
        whole = read_election(election)
        roster = roster_of(whole)
    except FolderError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if dialogues:
        from beluga.cli.dialogues import outcomes

        rows = ({**row, "turns": [[_phone(f, roster), t] for f, t in row["turns"]]} for row in _rows())
        for outcome in outcomes(rows, whole, roster, _moment(at, roster)):
            for turn in outcome["turns"]:
                turn["readings"] = [_plain(reading) for reading in turn["readings"]]
            sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n")
        sys.stdout.buffer.flush()
        return
    for number, (phone, text, time) in enumerate(_inputs(texts, sender, at, jsonl), start=1):
        message = _message(number, _phone(phone, roster), text, _moment(time, roster))
        readings = readings_of(message, roster)
        answer = {
            "readings": [_plain(reading) for reading in readings],
            "reply": reply_to(readings, message, roster),
        }
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


# "-5" is a text to read, not an option.
read.context_settings = {"ignore_unknown_options": True}  # type: ignore[attr-defined]


def _inputs(
    texts: list[str] | None, sender: str, at: str | None, jsonl: bool
) -> Iterator[tuple[str, str, str | None]]:
    lines: Iterator[str] = iter(texts) if texts else _lines()
    for number, line in enumerate(lines, start=1):
        if not jsonl:
            yield sender, line, at
            continue
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            yield str(row.get("from", sender)), str(row["text"]), row.get("at", at)
        except (ValueError, KeyError, AttributeError):
            typer.echo(f'line {number}: not JSON with "from" and "text"', err=True)
            raise typer.Exit(1) from None


def _lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _rows() -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(), start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            turns = [[str(phone), str(text)] for phone, text in row["turns"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            typer.echo(f'line {number}: not JSON with "turns" of [from, text]', err=True)
            raise typer.Exit(1) from None
        yield {**row, "turns": turns}


def _phone(phone: str, roster: Roster) -> str:
    """The phone as the roster writes it, in any spelling that `watchers.csv` may have."""
    if roster.watcher(phone):
        return phone
    if roster.watcher(known := normal_phone(phone, REGION)):
        return known
    digits = "".join(filter(str.isdigit, phone))
    return next((known for known in roster.by_phone if known.lstrip("+") == digits), phone)


def _moment(at: str | None, roster: Roster) -> datetime:
    if not at:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        typer.echo(f"--at {at}: not a time; write it as 2026-11-03T10:20 or with an offset", err=True)
        raise typer.Exit(2) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(roster.day.timezone))
    return moment.astimezone(UTC)


def _message(number: int, phone: str, text: str, at: datetime) -> Message:
    return Message(
        message_id=message_id("read", str(number)),
        provider="read",
        provider_message_id=str(number),
        channel=Channel.SMS,
        sender=phone,
        body=text,
        raw=text.encode("utf-8", "replace"),
        received_at=at,
        sent_at=at,
        roster_version="",
        journal_seq=number,
    )


def _plain(reading: Reading) -> dict[str, Any]:
    """A reading as JSON. Fields that do not apply are null, false or empty."""
    plain = {name: value for name, value in reading._asdict().items() if name != "detail"}
    observed_at = reading.observed_at
    return plain | {"observed_at": observed_at.isoformat() if observed_at else None}
