"""docs/log-events.md, made from the catalogue: `python -m beluga.readiness.log_events_page FILE`."""

import sys
from pathlib import Path

from election.runtime.log_events import COMMON, EVENTS, FIELDS, LogEvent

# ruff: noqa: E501 - the page is wider than code

_HEAD = """\
# Log events

Made from `election/runtime/log_events.py` by `make log-events`; do not edit. A test compares the catalogue with every
log call of the code: names, levels and fields, both ways.

Each service writes one JSON object a line to standard error; the stack keeps it in `STATE/logs/NAME.log`. What one line
means and what to do about it stands here; how to find them:

```sh
grep -h '"event": "database_away"' "$BELUGA_STATE"/logs/*.log | tail -n 5
grep -hE '"level": "(error|critical)"' "$BELUGA_STATE"/logs/*.log | tail -n 20
```

No phone, name of a person, text or secret is a field. Lines of libraries (aiohttp, waitress) have events of their own.
*Logged by* names the package: `election` is code that all services share, `beluga` what supervises them. A field in
parentheses is not in every such line.
"""


def page() -> str:
    """The whole page."""
    events = [_row(event) for event in sorted(EVENTS, key=lambda event: event.name)]
    return "\n".join(
        [
            _HEAD,
            "## Events",
            "",
            "| event | level | logged by | when | what to do | fields |",
            "|---|---|---|---|---|---|",
            *events,
            "",
            "## Fields",
            "",
            "| field | what it says |",
            "|---|---|",
            *(f"| `{name}` | {words} |" for name, words in (COMMON | FIELDS).items()),
            "",
        ]
    )


def _row(event: LogEvent) -> str:
    fields = [f"`{name}`" for name in event.fields] + [f"(`{name}`)" for name in event.sometimes]
    cells = [f"`{event.name}`", event.level, ", ".join(event.rooms), event.when, event.do, ", ".join(fields)]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
