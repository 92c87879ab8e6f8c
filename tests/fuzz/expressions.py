"""Attack every regular expression of the rooms: none may take more than linear time.

    python tests/fuzz/expressions.py [--longest 65536]

Expressions are found in the source (`re.compile`, `re.search` …, pydantic's `pattern=`), wherever they stand,
and those that modules hold when imported. Each is fed strings made of its own pieces: what it begins with, a
piece (a letter of one of its classes, or all that one of its repeats repeats) again and again, then something
that does not fit. Growth of processor time is judged, not seconds: four times the length may take six times
as long. Strings of which even the longest is done at once prove nothing and are passed over.
"""

import argparse
import ast
import importlib
import itertools
import re
import re._constants as codes
import re._parser as parser
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from election.domain import kinds
from election.domain.phones import _plan

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("intake", "election", "callers", "dashboard", "tally", "beluga")
METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
DEFAULT_USES = ("match", "fullmatch", "search", "sub")
THROUGH = ("sub", "subn", "split", "findall", "finditer")  # a search, and on from each match to the end
FLOOR_SECONDS = 0.0008  # what takes less at its longest holds up nobody, and cannot be measured
# With a quarter of the length: were it cubic, it would still stay below the floor at its longest.
SHORT_SECONDS = FLOOR_SECONDS / 4**3 * 0.8
MOST_SECONDS = 1.0  # of processor time for one string; a linear expression needs a hundredth
GROWTH = 6.0  # for four times the length
TRIES = 5
TAILS = ("", "\0", "é", "\n", "!", " ", "0", "a")
# What may come to an expression at most, where its caller says so (characters).
CAPS = {
    "intake/reading/grammar": 1_600,
    "intake/webhook": 8_190,
    "election/domain/phones": 16,
}
FEW = 3  # so often may a part be taken in an expression that repeats nothing
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
DEFAULT_CAP = 2_048  # a quadratic one shows there; `make fuzz` goes up to 64 KB


@dataclass(frozen=True)
class Expression:
    """One, where it stands and how it is used."""

    where: str
    pattern: "re.Pattern[str] | re.Pattern[bytes]"
    uses: tuple[str, ...] = DEFAULT_USES

    @property
    def hardest(self) -> tuple[str, ...]:
        """The uses that do all that the others do: a search begins with a match, and all with a search."""
        through = [use for use in self.uses if use in THROUGH][:1]
        found = through or [use for use in ("search", "match") if use in self.uses][:1]
        return (*found, *(["fullmatch"] if "fullmatch" in self.uses else []))

    @property
    def cap(self) -> int:
        return next((cap for part, cap in CAPS.items() if self.where.startswith(part)), DEFAULT_CAP)


@dataclass(frozen=True)
class Attack:
    """`beginning`, `piece` as often as it fits, `tail`."""

    beginning: str
    piece: str
    tail: str

    def of_length(self, length: int) -> str:
        room = max(0, length - len(self.beginning) - len(self.tail))
        return self.beginning + self.piece * (room // len(self.piece)) + self.tail


# ---------------------------------------------------------------------- where they are


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@cache
def found_in_source() -> tuple[list[Expression], set[str]]:
    """All written out, and the files in which some are made when they are needed."""
    found: list[Expression] = []
    made: set[str] = set()
    for path in sources():
        text = path.read_text(encoding="utf-8")
        where = str(path.relative_to(ROOT))
        tree = ast.parse(text)
        # what a module binds when it is imported is found there, however it is made
        held = {id(bound.value) for bound in tree.body if isinstance(bound, ast.Assign | ast.AnnAssign)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg == "pattern":
                    if isinstance(keyword.value, ast.Constant):
                        found.append(_expression(where, node, keyword.value.value, 0, ("search",)))
                    else:
                        made.add(where)
            called = node.func
            if not (isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)):
                continue
            if called.value.id != "re" or called.attr not in ("compile", *METHODS):
                continue
            written = node.args[0]
            if not isinstance(written, ast.Constant):
                made |= set() if id(node) in held else {where}
                continue
            uses = _uses_of(node, text) if called.attr == "compile" else (called.attr,)
            found.append(_expression(where, node, written.value, _flags(node), uses))
    return found, made


def _expression(where: str, node: ast.Call, written: Any, flags: int, uses: tuple[str, ...]) -> Expression:
    return Expression(f"{where}:{node.lineno}", re.compile(written, flags), uses)


def _flags(node: ast.Call) -> int:
    for said in (*node.args[1:], *(k.value for k in node.keywords if k.arg == "flags")):
        words = ast.unparse(said)
        if re.fullmatch(r"re\.[A-Z]+( \| re\.[A-Z]+)*", words):
            return sum(int(getattr(re, word.removeprefix("re."))) for word in words.split(" | "))
    return 0


def _uses_of(node: ast.Call, text: str) -> tuple[str, ...]:
    """By which methods the name that this is bound to is used, anywhere; all where that cannot be told."""
    bound = re.search(r"^\s*(\w+)\b[^=\n]*= *$", text[: _offset(node, text)].rpartition("\n")[2] or "", re.M)
    if bound is None:
        return DEFAULT_USES
    return _uses_of_name(bound[1])


@cache
def _uses_by_name() -> dict[str, set[str]]:
    """What is written before each method, anywhere in the rooms."""
    found = defaultdict(set)
    for path in sources():
        for name, method in re.findall(
            rf"\b(\w+)\.({'|'.join(METHODS)})\b", path.read_text(encoding="utf-8")
        ):
            found[name].add(method)
    return found


def _uses_of_name(name: str) -> tuple[str, ...]:
    return tuple(sorted(_uses_by_name().get(name, ()))) or DEFAULT_USES


def _offset(node: ast.Call, text: str) -> int:
    return sum(len(line) for line in text.splitlines(True)[: node.lineno - 1]) + node.col_offset


def held_by_modules() -> list[Expression]:
    """Those that modules and classes hold when imported, also in tuples, lists and tables."""
    found: list[Expression] = []
    for path in sources():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name.endswith("__main__"):
            continue
        module = importlib.import_module(name)
        where = f"{path.relative_to(ROOT)} (held)"
        for bound, value in vars(module).items():
            uses = _uses_of_name(bound) if isinstance(value, re.Pattern) else DEFAULT_USES
            found += [Expression(where, held, uses) for held in _patterns([value], 0)]
    return found


def _patterns(values: Iterable[Any], depth: int) -> Iterator[Any]:
    for value in list(values):
        if isinstance(value, re.Pattern):
            yield value
        elif depth < 3 and isinstance(value, tuple | list | frozenset | set):
            yield from _patterns(value, depth + 1)
        elif depth < 3 and isinstance(value, dict):
            yield from _patterns(value.values(), depth + 1)
        elif depth < 1 and isinstance(value, type) and value.__module__.startswith(ROOMS):
            yield from _patterns(vars(value).values(), depth + 1)


def _of_phones() -> list[Expression]:
    plans = [_plan(region) for region in sorted(SUPPORTED_REGIONS)]
    patterns = {p for plan in plans if plan for p in (plan.prefix, plan.abroad) if p}
    where = "election/domain/phones.py"  # its caller hands in at most 16 digits
    return [Expression(where, p, ("match",)) for p in sorted(patterns, key=lambda p: p.pattern)]


def _of_day_file() -> list[Expression]:
    made = re.compile(r"\s*[\"']?" + re.escape("opens at") + r"[\"']?\s*(=|\])")
    return [Expression("election/folder/day_file.py", made, ("match",))]


def _of_kinds() -> list[Expression]:
    return [Expression("election/domain/kinds.py", made, ("search",)) for made in kinds._PATTERNS.values()]


# Files that make some at run time, and what they make.
MADE = {
    "election/domain/phones.py": _of_phones,
    "election/folder/day_file.py": _of_day_file,
    "election/domain/kinds.py": _of_kinds,
}


def every_expression() -> list[Expression]:
    """Each once. Raises `ValueError` where a file makes some at run time and `MADE` says not what."""
    written, made = found_in_source()
    if made != MADE.keys():
        raise ValueError(f"say in MADE what these make: {sorted(made ^ MADE.keys())}")
    known = {(e.pattern.pattern, e.pattern.flags) for e in written}
    held = [e for e in held_by_modules() if (e.pattern.pattern, e.pattern.flags) not in known]
    return [*written, *held, *(e for make in MADE.values() for e in make())]


# ---------------------------------------------------------------------- what hurts them


def tree_of(pattern: "re.Pattern[Any]") -> Any:
    """The expression as the standard library's parser reads it."""
    written = pattern.pattern
    return parser.parse(
        written if isinstance(written, str) else written.decode("latin-1"), pattern.flags & ~re.U
    )


def repeats_nothing(tree: Any) -> bool:
    """Whether nothing is taken more than three times: then so many steps are the most from any place, however
    long the string is.
    """
    return all(
        (op not in _REPEATS or argument[1] <= FEW) and all(map(repeats_nothing, _inside(op, argument)))
        for op, argument in tree
    )


def attacks(pattern: "re.Pattern[Any]") -> list[Attack]:
    """Strings of the expression's own pieces."""
    tree = tree_of(pattern)
    letters = sorted({letter for letter in _letters(tree) if letter})
    beginnings = {""}
    pieces: set[str] = set(letters)
    for before, repeated in _repeats(tree, ""):
        beginnings.add(before)
        pieces |= {piece for piece in _samples(repeated) if piece}
    pieces |= {a + b for a, b in itertools.permutations(letters[:12], 2)}
    pieces |= {piece for piece in _samples(tree) if piece}
    return [
        Attack(beginning, piece, tail)
        for beginning in sorted(beginnings, key=len)[:8]
        for piece in sorted(pieces, key=lambda piece: (len(piece), piece))[:80]
        for tail in _tails(pattern, tree)
    ]


def _tails(pattern: "re.Pattern[Any]", tree: Any) -> list[str]:
    """One of those that no part of the expression tells apart: behind the rest the engine does the same."""
    if isinstance(pattern.pattern, bytes):
        return list(TAILS)
    parts = {r"\w", r"\s", r"\d", *map(re.escape, "\n\r"), *_single(tree)}
    tests = [re.compile(part, flags | re.S) for part in sorted(parts) for flags in (0, re.I)]
    kinds: dict[tuple[bool, ...], str] = {}
    for tail in filter(None, TAILS):
        kinds.setdefault(tuple(test.fullmatch(tail) is not None for test in tests), tail)
    return ["", *kinds.values()]


def _single(tree: Any) -> Iterator[str]:
    """Every part that takes one letter, as an expression of its own."""
    for op, argument in tree:
        if op in (codes.LITERAL, codes.NOT_LITERAL):
            yield re.escape(chr(argument))
        elif op is codes.CATEGORY:
            yield _CATEGORY_WORDS[argument]
        elif op is codes.IN:
            yield _as_class(argument)
        for inner in _inside(op, argument):
            yield from _single(inner)


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, Any]]:
    """What each repeat repeats, with something that leads to it."""
    for op, argument in tree:
        if op in _REPEATS:
            yield before, argument[2]
        for inner in _inside(op, argument):
            yield from _repeats(inner, before)
        before += max(_sample_of(op, argument, 1), key=len, default="")


def _inside(op: Any, argument: Any) -> Sequence[Any]:
    if op is codes.SUBPATTERN:
        return (argument[3],)
    if op in _REPEATS:
        return (argument[2],)
    if op is codes.ATOMIC_GROUP:
        return (argument,)
    if op is codes.BRANCH:
        return tuple(argument[1])
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return (argument[1],)
    if op is codes.GROUPREF_EXISTS:
        return tuple(part for part in argument[1:] if part is not None)
    return ()


def _letters(tree: Any) -> Iterator[str]:
    for op, argument in tree:
        yield from _class_of(op, argument)
        for inner in _inside(op, argument):
            yield from _letters(inner)


def _class_of(op: Any, argument: Any) -> Sequence[str]:
    """A few letters that one step takes."""
    if op is codes.LITERAL:
        return (chr(argument),)
    if op is codes.NOT_LITERAL:
        return ("a" if argument != ord("a") else "b",)
    if op is codes.ANY:
        return ("a", " ")
    if op is codes.CATEGORY:
        return _CATEGORY.get(argument, ("a",))
    if op is codes.RANGE:
        low, high = argument
        return tuple({chr(low), chr(high), chr((low + high) // 2)})
    if op is codes.IN:
        wanted = re.compile(_as_class(argument))
        likely = [chr(n) for n in range(256)] + [letter for part in argument for letter in _class_of(*part)]
        fitting = [letter for letter in dict.fromkeys(likely) if wanted.fullmatch(letter)]
        usual = [letter for letter in (" ", "a", "A", "0", "1", "-", ".", ",") if letter in fitting]
        return tuple(dict.fromkeys([*usual, *fitting[:1], *fitting[-1:]]))
    return ()


_CATEGORY = {
    codes.CATEGORY_DIGIT: ("0", "7"), codes.CATEGORY_NOT_DIGIT: ("a", " "), codes.CATEGORY_SPACE: (" ", "\t"),
    codes.CATEGORY_NOT_SPACE: ("a", "0"), codes.CATEGORY_WORD: ("a", "0", "_"),
    codes.CATEGORY_NOT_WORD: (" ", "-"),
}  # fmt: skip
_CATEGORY_WORDS = {
    codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _as_class(parts: Any) -> str:
    words = ""
    for op, argument in parts:
        if op is codes.NEGATE:
            words += "^"
        elif op is codes.LITERAL:
            words += re.escape(chr(argument))
        elif op is codes.RANGE:
            words += f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
        else:
            words += _CATEGORY_WORDS[argument]
    return f"[{words}]"


def _samples(tree: Any) -> list[str]:
    """Some of what a part takes: with each optional thing left out, once, and twice."""
    return list(dict.fromkeys(_sample(tree, times, pick) for times in (0, 1, 2) for pick in (0, 1, -1)))


def _sample(tree: Any, times: int, pick: int) -> str:
    made = ""
    for op, argument in tree:
        choice = _sample_of(op, argument, times, pick)
        made += choice[0] if choice else ""
    return made


def _sample_of(op: Any, argument: Any, times: int, pick: int = 0) -> list[str]:
    if op in _REPEATS:
        low, high, inner = argument
        often = min(max(int(low), times), int(high))
        return [_sample(inner, times, pick) * often]
    if op is codes.SUBPATTERN:
        return [_sample(argument[3], times, pick)]
    if op is codes.ATOMIC_GROUP:
        return [_sample(argument, times, pick)]
    if op is codes.BRANCH:
        return [_sample(argument[1][pick % len(argument[1])], times, pick)]
    letters = _class_of(op, argument)
    return [letters[pick % len(letters)]] if letters else []


# ---------------------------------------------------------------------- how long it takes


class TooLongError(Exception):
    """More processor time than any linear expression needs."""


@contextmanager
def _bounded() -> Iterator[Callable[[float], Any]]:
    """Raises `TooLongError` in here once so much processor time is spent as was last allowed (0: whatever it
    takes). The engine looks for signals.
    """

    def over(number: int, frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGPROF, over)
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_PROF, seconds)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _user(pattern: "re.Pattern[Any]", use: str) -> Callable[[Any], Any]:
    if use in ("sub", "subn"):
        nothing = "" if isinstance(pattern.pattern, str) else b""
        return lambda text: pattern.sub(nothing, text)
    if use == "finditer":
        return lambda text: sum(1 for _ in pattern.finditer(text))
    return getattr(pattern, use)  # type: ignore[no-any-return]


def spent(work: Callable[[], Any]) -> float:
    """Processor time of this thread."""
    before = time.thread_time()
    work()
    return time.thread_time() - before


def superlinear(expression: Expression, longest: int) -> str:
    """The attack under which it grows faster than the string, described; "" where none is found."""
    pattern: Any = expression.pattern
    if repeats_nothing(tree_of(pattern)):
        return ""
    tried = list(itertools.product(expression.hardest, attacks(pattern)))
    with _bounded() as allow:
        for use, attack in tried:
            take = _user(pattern, use)
            if found := _grows(take, attack, longest, isinstance(pattern.pattern, bytes), allow):
                return f"{expression.where} {use} of {pattern.pattern!r}: {attack} {found}"
    return ""


def _grows(
    take: Callable[[Any], Any], attack: Attack, longest: int, as_bytes: bool, allow: Callable[[float], Any]
) -> str:
    def text(length: int) -> Any:
        made = attack.of_length(length)
        return made.encode("utf-8", "replace") if as_bytes else made

    short, long = text(longest // 4), text(longest)
    try:
        allow(MOST_SECONDS)
        if spent(lambda: take(short)) < SHORT_SECONDS or spent(lambda: take(long)) < FLOOR_SECONDS:
            return ""
        allow(0)
    except TooLongError:
        return f"needs more than {MOST_SECONDS} s for {longest} characters"
    ratios: list[float] = []
    for _ in range(TRIES):
        small = max(spent(lambda: [take(short) for _ in range(4)]) / 4, 1e-9)
        ratios.append(spent(lambda: take(long)) / small)
        if ratios[-1] <= GROWTH:
            return ""
    return f"takes {min(ratios):.1f} times as long for four times the length ({longest} characters)"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--longest", type=int, default=65_536)
    longest = options.parse_args().longest
    expressions = every_expression()
    tried, bad = 0, []
    for expression in expressions:
        tried += len(attacks(expression.pattern)) * len(expression.hardest)
        if found := superlinear(expression, longest):
            bad.append(found)
            print(found, flush=True)
    print(
        f"{len(expressions)} expressions, {tried} attacks of up to {longest} characters, "
        f"{len(bad)} super-linear"
    )
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main()
