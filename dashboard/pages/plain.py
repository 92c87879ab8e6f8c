"""Pages that are words and tables: the links above them, and tables that a phone can scroll."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.accounts.sign_in import person
from dashboard.components.part import marks
from dashboard.components.table import scrolling
from dashboard.languages import noted, tr
from dashboard.pages.frame import page_of
from election.access.accounts import Role

PAGES = {
    "/": noted("← Board"),
    "/floor": noted("Call floor"),
    "/rides": noted("Rides"),
    "/desk/unread": noted("Desks"),
    "/replay": noted("The day so far"),
    "/health": noted("Health"),
}
ADMINS = {"/audit": noted("Audit trail")}


def plain_page(path: str, *parts: Any) -> Component:
    """A page with the links to the others above it; `path`: its own."""
    who = person()
    shown = PAGES | (ADMINS if who is not None and who.role is Role.ADMIN else {})
    here = marks(aria_current="page")
    links = [html.A(tr(name), href=href, **(here if href == path else {})) for href, name in shown.items()]
    return page_of(
        html.Nav(links, className="pages", **marks(aria_label=tr("Pages"))),
        html.Main([part for part in parts if part is not None], disable_n_clicks=True),
    )


def table(
    label: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    numbers: Sequence[int] = (),
    *,
    typed: bool = False,
) -> Component:
    """A table that scrolls where it is too wide.

    `heads` are said in the person's language, `numbers` are places of columns of numbers. `typed`: there are
    fields or buttons in it.
    """

    def css(place: int) -> Any:
        return {"className": "number"} if place in numbers else {}

    head = html.Tr([html.Th(tr(text), scope="col", **css(i)) for i, text in enumerate(heads)])
    body = [html.Tr([html.Td(cell, **css(i)) for i, cell in enumerate(row)]) for row in rows]
    return scrolling(label, html.Table([html.Thead(head), html.Tbody(body)]), typed=typed)
