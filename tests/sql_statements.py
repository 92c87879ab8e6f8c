"""Every SQL statement of the house, read from the code: what a database is given, with each of its variants.

Two readings that hold each other. The calls: the first argument of a database's method is resolved to the
texts it can be (constants of the module, both ends of a condition, what callers in the module hand on). The
literals: every string that looks like SQL must be a piece of a statement found so. What cannot be resolved
raises `NotUnderstoodError`, so that a new statement cannot be missed.
"""

import ast
import importlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callers.queries.statements import statements

ROOT = Path(__file__).parents[1]
ROOMS = ("election", "intake", "tally", "callers", "dashboard", "beluga", "chaos", "bench")
METHODS = {"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor", "prepare", "copy_from_query"}
JOURNALS = METHODS | {"_rows"}  # of the modules that speak to SQLite

# What is handed to a method of such a name and is no statement of ours, and why.
OTHERS = {
    ("callers/api/calls.py", "request"): "an answer in pieces is prepared for its request",
    ("election/postgres/migrate.py", "step.sql"): "a migration: the test's database has had them all",
}
# Literals that look like SQL and are handed to people, not to a database.
WORDS = ("alter system reset fsync; alter system reset synchronous_commit; select pg_reload_conf()",)

# Expressions whose value only a run knows, with one that they may have.
RENDERED = {
    ("chaos/faults/database.py", "self._CONSTRAINT"): "chaos_rows_refused",
    ("chaos/faults/database.py", "self.found['kind']"): "late",
}

_SQL = re.compile(
    r"\s*(--[^\n]*\n\s*)*(with\s+\w+\s+as\s|select\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\w+\s|delete\s+from\s|"
    r"create\s+(temp|table|index|unique|database|role|or)\b|drop\s+(table|role|index|database)\s|alter\s+\w+\s|"
    r"lock\s+table\s|truncate\s|analyze\s|pragma\s|set\s+local\s)"
)
_GAP = re.compile(r"%s|\{\w+\}")  # where another text is put in later


class NotUnderstoodError(Exception):
    """A statement that the reading cannot follow: let it be a constant, or add to `RENDERED`."""


@dataclass(frozen=True)
class Statement:
    """One text that a database is given. `sqlite`: the journal's, else PostgreSQL's."""

    at: str
    text: str
    sqlite: bool = False

    @property
    def file(self) -> str:
        return self.at.partition(":")[0]


class Module:
    """A module's tree beside what its names mean."""

    def __init__(self, path: Path) -> None:
        self.file = path.relative_to(ROOT).as_posix()
        known = {words: value for (file, words), value in RENDERED.items() if file == self.file}
        self.tree = _Rendering(known).visit(ast.parse(path.read_text(encoding="utf-8")))
        self._above = {below: node for node in ast.walk(self.tree) for below in ast.iter_child_nodes(node)}

    def statements(self) -> Iterator[Statement]:
        sqlite = any(
            isinstance(n, ast.Import) and any(a.name == "apsw" for a in n.names) for n in ast.walk(self.tree)
        )
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in (JOURNALS if sqlite else METHODS) or not node.args:
                continue
            at, words = f"{self.file}:{node.lineno}", ast.unparse(node.args[0])
            if (self.file, words) in OTHERS:
                continue
            try:
                texts = self.values(node.args[0])
            except NotUnderstoodError as error:
                raise NotUnderstoodError(f"{at}: {words}: {error}") from None
            yield from (Statement(at, text, sqlite) for text in texts if isinstance(text, str))

    def literals(self) -> Iterator[tuple[str, str]]:
        """(place, text) of every string that looks like SQL; of an f-string its longest constant piece."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Constant(value=str(text)) if not isinstance(
                    self._above[node], (ast.Expr, ast.JoinedStr)
                ):
                    pieces = [text]
                case ast.JoinedStr(values=values):
                    pieces = [
                        v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)
                    ]
                case _:
                    continue
            if pieces and _SQL.match(pieces[0]):
                yield (
                    f"{self.file}:{node.lineno}",
                    max((p for one in pieces for p in _GAP.split(one)), key=len),
                )

    def values(self, node: ast.expr) -> list[Any]:
        """Every value that an expression can have. Raises `NotUnderstoodError`."""
        if isinstance(node, ast.IfExp):
            return [*self.values(node.body), *self.values(node.orelse)]
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return [one for many in self.values(node.value) for one in _members(many)]
        if isinstance(node, ast.Name) and (local := self._local(node)) is not None:
            return local
        names = {n.id: n for n in ast.walk(node) if isinstance(n, ast.Name)}
        variants = {name: local for name, n in names.items() if (local := self._local(n)) is not None}
        meaning = importlib.import_module(self.file.removesuffix(".py").replace("/", ".")).__dict__
        expression = compile(ast.Expression(node), self.file, "eval")
        found = []
        for chosen in itertools.product(*variants.values()):
            try:
                found.append(eval(expression, meaning, dict(zip(variants, chosen, strict=True))))
            except Exception as error:
                raise NotUnderstoodError(f"{type(error).__name__}: {error}") from error
        return found

    def _local(self, name: ast.Name) -> list[Any] | None:
        """The values of a name that a function binds; None for a name of the module."""
        node: ast.AST = name
        while node in self._above:
            node = self._above[node]
            if isinstance(node, (ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)):
                for one in node.generators:
                    if isinstance(one.target, ast.Name) and one.target.id == name.id:
                        return [value for many in self.values(one.iter) for value in _members(many)]
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if (found := self._bound(node, name.id)) is not None:
                return found
        return None

    def _bound(self, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> list[Any] | None:
        found: list[Any] = []
        bound = False
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    found += self.values(value)
                case ast.For(target=ast.Name(id=target), iter=each) if target == name:
                    found += [value for many in self.values(each) for value in _members(many)]
                case ast.Name(id=target, ctx=ast.Store()) if target == name:
                    bound = True
        if found:
            return found
        names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
        if name in names:
            return self._handed(function.name, names, name)
        if bound or name in [argument.arg for argument in function.args.kwonlyargs]:
            raise NotUnderstoodError(f"{name} is bound in a way that is not read")
        return None

    def _handed(self, function: str, names: list[str], name: str) -> list[Any]:
        """What calls in this module hand a function for one of its parameters."""
        found: list[Any] = []
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called == function:
                    place = names.index(name) - (names[0] in {"self", "cls"})
                    by_name = [k.value for k in node.keywords if k.arg == name]
                    if by_name or place < len(node.args):
                        found += self.values(by_name[0] if by_name else node.args[place])
        if not found:
            raise NotUnderstoodError(f"nothing in this module calls {function} with {name}")
        return found


class _Rendering(ast.NodeTransformer):
    """Puts values in the place of the expressions that are known by their words."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def visit(self, node: ast.AST) -> Any:
        if self._known and isinstance(node, ast.expr) and (words := ast.unparse(node)) in self._known:
            return ast.copy_location(ast.Constant(self._known[words]), node)
        return self.generic_visit(node)


def _members(many: Any) -> Sequence[Any]:
    if isinstance(many, Mapping):
        return list(many.values())
    if isinstance(many, (list, tuple, range)):
        return list(many)
    raise NotUnderstoodError(f"one of a {type(many).__name__}")


def modules() -> list[Module]:
    return [Module(path) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def of_files() -> Iterator[Statement]:
    """Every named block of `callers/queries/*.sql`, whether a call names it or not."""
    for path in sorted((ROOT / "callers/queries").glob("*.sql")):
        for name, text in statements(path.stem).items():
            yield Statement(f"{path.relative_to(ROOT).as_posix()}:{name}", text)
