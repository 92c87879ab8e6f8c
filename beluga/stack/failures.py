"""What a command says when it cannot do its work: one line, with what to do. Pure.

Commands name what they expect themselves; this is for what any of them may meet: a file that cannot be read
or written, a database that does not answer, a setting that is none. Whatever only a programmer can mend
is not worded here, and is shown whole.
"""

import errno
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from beluga.errors import BelugaError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CommandRefusedError(BelugaError):
    """A command will not, or cannot, do what it was asked. The message says what to do."""


def said_of(error: BaseException, options: Mapping[str, object]) -> str | None:
    """What to say of an error; None where it is to be seen whole.

    `options`: what the command was called with, by name as on the command line (`--out`, `FOLDER`).
    """
    paths = {name: Path(value) for name, value in options.items() if isinstance(value, Path)}
    if isinstance(error, BrokenPipeError):
        return None  # whoever read has gone: the command line's own affair
    if isinstance(error, OSError) and (error.filename is not None or error.errno in NO_ROOM):
        return _of_a_file(error, paths)
    if isinstance(error, UnicodeDecodeError):
        return f"{_listed(paths.values()) or 'a file'} is no text in UTF-8; {_another(list(paths))}"
    return _of_a_setting(error) or _of_the_database(error) or _of_ours(error)


def plain(error: BaseException) -> str:
    """The same for a command that words its own failures, and ends with a status of its own."""
    return said_of(error, {}) or str(error) or type(error).__name__


def _of_a_file(error: OSError, paths: Mapping[str, Path]) -> str:
    where = str(error.filename) if error.filename is not None else ""
    # The option that named the file, or a folder above it.
    naming = [n for n, path in paths.items() if where and _names(path, Path(where))]
    why = (error.strerror or type(error).__name__).lower()
    if error.errno in NO_ROOM:
        place = where or _listed(paths.values()) or "the disk"
        return f"no room to write {place} ({why}); free some, or {_another(naming or list(paths))}"
    return f"cannot use {where}: {why}; {_another(naming)}"


def _names(path: Path, where: Path) -> bool:
    """Whether what went wrong at `where` may come of a command's being given `path`."""
    path, where = path.absolute(), where.absolute()
    return where.is_relative_to(path) or path.is_relative_to(where)


def _another(names: Sequence[str]) -> str:
    return f"name another with {' or '.join(names)}" if names else "see to it, and run the command again"


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))


def _of_a_setting(error: BaseException) -> str | None:
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    if isinstance(error, SettingsError):
        return f"a setting is wrong: {error}; set BELUGA_ and its name otherwise, or take it away"
    if isinstance(error, ValidationError) and error.title.endswith("Settings"):
        first = error.errors()[0]
        name = "_".join(("BELUGA", *map(str, first["loc"]))).upper()
        return f"the setting {name} is wrong: {first['msg']}; set it otherwise, or take it away"
    if isinstance(error, ValueError) and str(error).startswith("BELUGA_"):
        return str(error)  # worded for people where it is raised
    return None


def _of_the_database(error: BaseException) -> str | None:
    import asyncpg

    from election.postgres.database import UNREACHABLE

    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return "the database is older than this command; run: beluga migrate"
    if isinstance(error, UNREACHABLE):
        return f"{error or type(error).__name__}; is the stack up? see: beluga status"
    if isinstance(error, asyncpg.PostgresError):
        return f"the database refuses: {error}; check BELUGA_DATABASE_URL, or see its log"
    return None


def _of_ours(error: BaseException) -> str | None:
    from beluga.stack.stack import DamagedSecretsError, NoStackError, StackBusyError

    if isinstance(error, CommandRefusedError | NoStackError | StackBusyError | DamagedSecretsError):
        return str(error)
    return None
