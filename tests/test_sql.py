"""Every SQL statement of the house is prepared against the migrated schema (and the journal's, in SQLite)."""

import ast
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import apsw
import asyncpg
import pytest

from election.postgres.database import connect
from intake.journal.file import JournalFile
from tests.sql_statements import (
    OTHERS,
    RENDERED,
    WORDS,
    Module,
    NotUnderstoodError,
    Statement,
    modules,
    of_files,
)

PREPARED = {"select", "with", "insert", "update", "delete"}
# What no transaction can undo, or what would need another's session: parsed, not executed.
PARSED = ("create database ", "checkpoint", "vacuum ")
STAGED = re.compile(r"\s*create\s+(temp(orary)?\s+)?table\b")


@pytest.fixture(scope="module")
def house() -> list[Module]:
    return modules()


@pytest.fixture(scope="module")
def found(house: list[Module]) -> list[Statement]:
    return [*(s for module in house for s in module.statements()), *of_files()]


def bare(text: str) -> str:
    """The text without its comments and its last semicolon."""
    return re.sub(r"--[^\n]*", "", text).strip().rstrip(";")


async def wrong_in(connection: asyncpg.Connection, statements: Iterable[Statement]) -> list[str]:
    """What PostgreSQL has against the statements of one file; nothing of them stays.

    A file's staging tables are made first. A statement without a plan (`truncate`, `lock table`) is executed.
    """
    wrong: list[str] = []
    several = sorted(set(statements), key=lambda s: (not STAGED.match(s.text), s.at))
    transaction = connection.transaction()
    await transaction.start()
    for statement in several:
        inner = connection.transaction()
        await inner.start()
        try:
            text = bare(statement.text)
            if text.startswith(PARSED) or (text.split()[0] in PREPARED and ";" not in text):
                await connection.prepare(statement.text)
            else:
                await connection.execute(statement.text)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            wrong.append(f"{statement.at}: {error}")
            await inner.rollback()
        else:
            await (inner.commit() if STAGED.match(statement.text) else inner.rollback())
    await transaction.rollback()
    return wrong


async def test_postgresql_prepares_every_statement(found: list[Statement], database_url: str) -> None:
    ours = sorted((s for s in found if not s.sqlite), key=lambda s: s.file)
    assert len(ours) > 300
    connection = await connect(database_url)
    wrong = []
    for file, several in groupby(ours, key=lambda s: s.file):
        statements = list(several)
        wrong += await wrong_in(connection, statements)
        if file.startswith("callers/"):  # a rehearsal's tables lie before the day's
            await connection.execute("set search_path = rehearsal, public")
            wrong += await wrong_in(connection, statements)
            await connection.execute("reset search_path")
    await connection.close()
    assert not wrong, "\n".join(wrong)


async def test_a_column_that_is_not_there_is_found(database_url: str) -> None:
    connection = await connect(database_url)
    texts = ("select body from messages", "select boddy from messages", "truncate messsages")
    wrong = await wrong_in(connection, [Statement(f"here:{n}", text) for n, text in enumerate(texts)])
    assert [one.partition(": ")[0] for one in wrong] == ["here:1", "here:2"]
    await connection.close()


def test_sqlite_prepares_every_statement_of_the_journal(found: list[Statement], tmp_path: Path) -> None:
    journal = JournalFile.create(tmp_path, datetime(2026, 11, 3, tzinfo=UTC))
    database = apsw.Connection(str(journal.path))
    ours = [s for s in found if s.sqlite and not s.text.lstrip().startswith(("pragma", "create"))]
    assert ours
    for statement in ours:
        database.execute(f"explain {statement.text}", [None] * statement.text.count("?"))
    database.close()


def test_every_literal_that_looks_like_sql_is_a_piece_of_a_statement_found(
    house: list[Module], found: list[Statement]
) -> None:
    texts = {statement.text for statement in found}
    missed = [
        f"{at}: {piece.strip()[:80]}"
        for module in house
        for at, piece in module.literals()
        if piece not in WORDS and not any(piece in text for text in texts)
    ]
    assert not missed, "\n".join(missed)


def test_what_is_excepted_still_stands_in_the_code() -> None:
    root = Path(__file__).parents[1]
    for file, words in (*OTHERS, *RENDERED):
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        assert words in {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.expr)}, (
            file,
            words,
        )


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("_A = 'select 1'\nasync def f(c): await c.fetch(_A)", ["select 1"]),
        (
            "async def f(c, way):\n q = 'select 1' if way else 'select 2'\n await c.fetch(q)",
            ["select 1", "select 2"],
        ),
        ("async def g(c): await f(c, 'a')\nasync def f(c, x): await c.fetch(f'select {x}')", ["select a"]),
        ("async def f(c): await c.fetch(x := input())", None),
        ("async def f(c, sql): await c.fetch(sql)", None),
        ("async def f(c, *, sql): await c.fetch(sql)", None),
    ],
)
def test_a_statement_is_found_in_each_variant_or_not_understood(
    code: str, texts: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some_statements.py"
    path.write_text(code, encoding="utf-8")
    monkeypatch.setattr("tests.sql_statements.ROOT", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "some_statements", raising=False)
    if texts is None:
        with pytest.raises(NotUnderstoodError):
            list(Module(path).statements())
    else:
        assert [s.text for s in Module(path).statements()] == texts
