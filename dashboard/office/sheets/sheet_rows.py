"""Rows of a sheet as they are shown and sent back: what stands in each field, and what stood there before.

A row that was not changed is not sent on, and of one that was only what was changed: so two people may work
in two columns.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SHOWN = 100  # rows of one page; others are found by their words
EMPTY = 5  # rows for what is new; a paste makes as many as it needs
MOST = 400  # rows of one saving


@dataclass
class SheetRow:
    """One line as it is shown. `row_id` is empty in a new one; `problem` says why it was not saved."""

    row_id: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def before(self) -> str:
        return json.dumps(dict(self.known), ensure_ascii=False)

    @property
    def changed(self) -> list[str]:
        """The fields that differ from what was shown."""
        return [name for name, text in self.typed.items() if text != self.known.get(name, "")]

    def shown(self, name: str) -> str:
        return self.typed.get(name, self.known.get(name, ""))


def rows_sent(form: Mapping[str, str], fields: Sequence[str]) -> list[SheetRow]:
    """The rows of a form that differ from what was shown, in order; at most `MOST`."""
    named = (key.partition(":") for key in form)
    numbers = sorted({int(n) for name, _, n in named if name == "name" and n.isdecimal() and len(n) < 6})
    found = []
    for number in numbers[:MOST]:
        typed = {name: form.get(f"{name}:{number}", "").strip()[:200] for name in fields}
        try:
            before = json.loads(form.get(f"before:{number}", "") or "{}")
        except ValueError:
            before = {}
        known = {name: str(before.get(name, "")) for name in fields} if isinstance(before, dict) else {}
        row = SheetRow(form.get(f"id:{number}", "")[:200], known, typed)
        if row.changed:
            found.append(row)
    return found
