"""Evaluates alert rules (Prometheus's files) from what the services' /metrics say, without a Prometheus.

Of PromQL only what our rules need: `metric{label="x", other=~"a|b"} > 1`, `increase(metric[30s]) > 0`,
`rate(…)`, `max_over_time(…)`, `up`, `sum(…)` or `min(…)` around any of them, and `… and on() …` between two.
Series are summed over labels not named; `min` takes the least of them. A rule in other words is left to
Prometheus and never fires here.
"""

import contextlib
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from chaos.judge.history import EventHistory, Op
from chaos.judge.observer import get
from chaos.target.target import Target

OWN_RULES = Path(__file__).parents[1] / "alerts.yml"
LOOK_SECONDS = 0.5
SCRAPE_SECONDS = 1.5
KEPT = 1_200  # looks

_EXPR = re.compile(
    r"^(?:(?P<over>sum|min)(?: by \(\w+\) )?\()?(?:(?P<function>increase|rate|max_over_time)\()?"
    r"(?P<metric>\w+)(?:\{(?P<labels>[^}]*)\})?"
    r"(?:\[(?P<window>\d+[smh])\])?\)*\s*(?P<compare>==|>=|<=|>|<)\s*(?P<number>-?[\d.e]+)$"
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_WANTED = re.compile(r'(\w+)=(~?)"([^"]*)"')
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? ([^ ]+)(?: \d+)?$")
_SECONDS = {"s": 1, "m": 60, "h": 3600}

Look = Mapping[str, Sequence[tuple[Mapping[str, str], float]]]


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert. `hold` is how long it must be true before it fires, s.

    `not_rehearsed` says why no experiment fires it; empty where one does.
    """

    name: str
    expr: str
    hold: float
    runbook: str
    summary: str
    not_rehearsed: str = ""


def read_rules(path: Path) -> list[AlertRule]:
    """The alerts of a Prometheus rule file; recording rules are left out."""
    said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [
        AlertRule(
            rule["alert"],
            " ".join(str(rule["expr"]).split()),
            seconds_of(str(rule.get("for", "0s"))),
            _page(rule.get("annotations", {})),
            str(rule.get("annotations", {}).get("summary", "")),
            str(rule.get("annotations", {}).get("not_rehearsed", "")),
        )
        for group in said.get("groups", [])
        for rule in group["rules"]
        if "alert" in rule
    ]


def _page(annotations: Mapping[str, str]) -> str:
    """The runbook's file name, whether a bare name, a path or a URL is given."""
    said = str(annotations.get("runbook") or annotations.get("runbook_url") or "")
    name = said.split("#", 1)[0].rstrip("/").rsplit("/", 1)[-1]
    return name if name.endswith(".md") or not name else f"{name}.md"


def seconds_of(duration: str) -> float:
    """`90s`, `5m`, `1h`."""
    return float(duration[:-1]) * _SECONDS[duration[-1]]


def parse(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Prometheus's text format: samples by metric."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for line in text.splitlines():
        if line.startswith("#") or not (match := _SAMPLE.match(line)):
            continue
        name, labels, value = match.groups()
        found.setdefault(name, []).append((dict(_LABEL.findall(labels or "")), float(value)))
    return found


def holds(expr: str, looks: Sequence[tuple[float, Look]]) -> bool | None:
    """Whether an expression is true at the last of `looks` (time, samples); None: not for us to say."""
    if " and on() " in expr:
        parts = [holds(part, looks) for part in expr.split(" and on() ")]
        return None if None in parts else all(parts)
    match = _EXPR.match(expr)
    if match is None or not looks:
        return None
    wanted = _wanted(match["labels"] or "")
    least = match["over"] == "min"
    now = _sum(looks[-1][1], match["metric"], wanted, least)
    if match["function"]:
        window = seconds_of(match["window"] or "1m")
        if match["function"] == "max_over_time":
            seen = [
                _seen(look, match["metric"], wanted, least)
                for at, look in looks
                if at >= looks[-1][0] - window
            ]
            now = max((value for value in seen if value is not None), default=None)
            return now is not None and _compares(now, match["compare"], float(match["number"]))
        # Each series by itself, as Prometheus does: one that is missing for a moment is no fall of the sum.
        each = {
            tuple(its.items()) for _, look in looks for its, _ in _matching(look, match["metric"], wanted)
        }
        grown = sum(_grown(looks, match["metric"], _exactly(its), window) for its in each)
        now = grown / window if match["function"] == "rate" else grown
    return now is not None and _compares(now, match["compare"], float(match["number"]))


def _compares(value: float, how: str, number: float) -> bool:
    return {
        "==": value == number,
        ">": value > number,
        ">=": value >= number,
        "<": value < number,
        "<=": value <= number,
    }[how]


Wanted = Mapping[str, frozenset[str]]  # a label, and the values of it that are looked for


def _exactly(labels: Iterable[tuple[str, str]]) -> Wanted:
    return {name: frozenset([value]) for name, value in labels}


def _grown(looks: Sequence[tuple[float, Look]], metric: str, wanted: Wanted, window: float) -> float:
    """By how much one series has grown within the window, restarts from nought taken into account."""
    last: float | None = None
    values: list[float | None] = []
    for at, look in reversed(looks):  # no further back than the last value before the window
        value = _seen(look, metric, wanted)
        if at < looks[-1][0] - window and value is not None:
            last = value
            break
        values.append(value)
    grown = 0.0
    for value in reversed(values):
        if value is None:  # not counted yet; or a service did not answer, which is no restart
            last = 0.0 if last is None else last
            continue
        grown += 0.0 if last is None else value - last if value >= last else value
        last = value
    return grown


def _wanted(labels: str) -> Wanted:
    return {
        name: frozenset(value.split("|") if several else [value])
        for name, several, value in _WANTED.findall(labels)
    }


def _matching(look: Look, metric: str, wanted: Wanted) -> list[tuple[Mapping[str, str], float]]:
    return [(its, v) for its, v in look.get(metric, ()) if all(its.get(k) in w for k, w in wanted.items())]


def _seen(look: Look, metric: str, wanted: Wanted, least: bool = False) -> float | None:
    values = [value for _, value in _matching(look, metric, wanted)]
    if not values:
        return None
    return min(values) if least else sum(values)


def _sum(look: Look, metric: str, wanted: Wanted, least: bool) -> float | None:
    found = _seen(look, metric, wanted, least)
    return 0.0 if found is None and metric.endswith("_total") and look else found


def _samples(url: str, tls: ssl.SSLContext | None) -> Look | None:
    """What stands there; None where nobody answers."""
    try:
        return parse(get(url, seconds=SCRAPE_SECONDS, tls=tls).decode())
    except (OSError, ValueError):
        return None


@dataclass
class AlertWatch:
    """Looks at the services twice a second and records when alerts fire and cease."""

    target: Target
    history: EventHistory
    rules: Sequence[AlertRule]
    firing: set[str] = field(default_factory=set)
    _since: dict[str, float] = field(default_factory=dict)
    _looks: deque[tuple[float, Look]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _known: list[tuple[str, str]] = field(default_factory=list)

    def start(self) -> "AlertWatch":
        self._thread = threading.Thread(target=self._run, daemon=True, name="alerts")
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look(time.monotonic(), self._scrape())
            self._stop.wait(LOOK_SECONDS)

    def look(self, now: float, samples: Look) -> None:
        """Takes one look into account."""
        self._looks.append((now, samples))
        for rule in self.rules:
            if not holds(rule.expr, list(self._looks)):
                self._since.pop(rule.name, None)
                if rule.name in self.firing:
                    self.firing.discard(rule.name)
                    self.history.record(Op.ALERT, rule.name, firing=False)
                continue
            since = self._since.setdefault(rule.name, now)
            if now - since >= rule.hold and rule.name not in self.firing:
                self.firing.add(rule.name)
                self.history.record(Op.ALERT, rule.name, firing=True)

    def _scrape(self) -> Look:
        found: dict[str, list[tuple[Mapping[str, str], float]]] = {"up": []}
        places, tls = self._places(), self.target.inner_tls
        with ThreadPoolExecutor(max(1, len(places))) as each:  # one that is silent holds up no other
            answers = list(each.map(lambda place: _samples(place[1], tls), places))
        for (service, _), samples in zip(places, answers, strict=True):
            found["up"].append(({"job": service}, float(samples is not None)))
            for name, values in (samples or {}).items():
                found.setdefault(name, []).extend(({**labels, "job": service}, v) for labels, v in values)
        return found

    def _places(self) -> list[tuple[str, str]]:
        with contextlib.suppress(OSError, ValueError, KeyError):  # nothing runs: look where it was
            self._known = [(job, url) for job, urls in self.target.metrics().items() for url in urls]
        return self._known
