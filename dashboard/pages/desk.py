"""A desk's layout: the queue at the left, the item in hand at the right. Its module is `browser/desk.js`."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.accounts.sign_in import csrf_token
from dashboard.components import Part
from dashboard.components.part import marks
from dashboard.desks.desks import TITLES
from dashboard.languages import noted, tr
from dashboard.pages.frame import PageStyle, WarRoomPage, not_found, page_marks, page_of
from election.wire.desks import CATEGORIES

STYLE = PageStyle("desk.js", "desk")
_NAMES = {desk.value: title for desk, title in TITLES.items()}
KEYS = (
    ("j", ""),
    ("k", noted("move ·")),
    ("Enter", noted("take ·")),
    ("u", noted("put back ·")),
    ("Esc", noted("leave a field ·")),
)


class DeskPanel(Part):
    """One desk: who has what, and what a person decides about it."""

    def __init__(self, name: str) -> None:
        """`name`: of the desk, as in its address."""
        frame = html.Div(
            [_bar(name), _desks(name), _notice(), _queue(), _keys()], id="desk", className="slot"
        )
        super().__init__("desk", frame, name=name)


def desk_page() -> WarRoomPage:
    """The pages of all desks, for Dash's registry."""
    return WarRoomPage("desk", noted("Desk"), desk_layout, path_template="/desk/<name>", style=STYLE)


def desk_layout(name: str = "", **_: Any) -> Component:
    """One desk's page."""
    if name not in _NAMES:
        not_found()
        return page_of(html.Main([html.H1(tr("No such desk")), html.A(tr("← Board"), href="/")]))
    found = {"data-desk": name, "data-categories": " ".join(CATEGORIES), "data-csrf": csrf_token()}
    page_marks().update(found | {"data-title": tr(_NAMES[name])})
    return page_of(DeskPanel(name), className="slot")


def _bar(name: str) -> Component:
    return html.Header(
        [
            html.A(tr("← Board"), href="/", className="home"),
            html.H1(tr(_NAMES[name])),
            html.Span(tr("Rehearsal"), id="rehearsal", hidden=True),
            html.Span(id="age", className="age"),
            html.Button("CSV", type="button", id="csv", **marks(aria_label=tr("Save this desk as CSV"))),
        ],
        className="bar",
    )


def _desks(name: str) -> Component:
    links = []
    for desk, title in _NAMES.items():
        here = marks(aria_current="page") if desk == name else {}
        links.append(
            html.A([f"{tr(title)} ", html.Span(**marks(data_count=desk))], href=f"/desk/{desk}", **here)
        )
    return html.Nav(links, **marks(aria_label=tr("Desks")))


def _notice() -> Component:
    return html.Div(id="notice", role="status", **marks(aria_live="polite"))


def _queue() -> Component:
    inside = [
        html.Div(id="summary", hidden=True),
        html.Ol(),
        html.P(tr("Loading…"), className="empty"),
        html.Button(tr("Show more"), type="button", id="more", hidden=True),
    ]
    hand = html.Section(id="work", **marks(aria_label=tr("What you work on"), aria_live="polite"))
    return html.Main([html.Section(inside, id="queue", **marks(aria_label=tr("Queue"))), hand])


def _keys() -> Component:
    told: list[Any] = []
    for key, words in KEYS:
        told += [html.Kbd(key), f" {tr(words)} "]
    return html.Footer([*told, tr("letters on the buttons press them")])
