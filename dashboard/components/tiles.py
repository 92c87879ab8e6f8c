"""The board's tiles: each a head (title, count, tools, age) and a body that its module fills."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.part import Part, marks
from dashboard.languages import noted, tr

AGE = noted("Age of what is shown, by this device's clock")


def tile_frame(
    element: str, title: str, body: list[Component], more: list[Component] | None = None
) -> Component:
    """A tile's first elements; `more` stands between head and body."""
    head = html.Div(
        [
            html.H2([tr(title), html.Span(id=f"{element}-count", className="count")], id=f"{element}-title"),
            html.Div(id=f"{element}-tools", className="tools"),
            html.Span(className="age", title=tr(AGE)),
        ],
        className="tile-head",
    )
    named = marks(data_tile=element, aria_labelledby=f"{element}-title")
    return html.Section([head, *(more or []), *body], id=element, className="tile", **named)


def scrolled(element: str, label: str, **more: Any) -> Component:
    """A body that scrolls, and can be reached by keyboard."""
    named = {**marks(aria_label=label), **more}
    return html.Div(id=element, className="body scroll", tabIndex="0", role="region", **named)


class Tile(Part):
    """A tile of the board whose content is Dash's own: words, a chart, a table."""

    def __init__(self, element: str, title: str, children: Any = None) -> None:
        """`element`: its id on the page. `title`: its heading. `children`: what stands in it."""
        body = scrolled(f"{element}-body", tr(title), **marks(data_body=""))
        super().__init__(element, tile_frame(element, title, [body]), title=tr(title), children=children)


class Worklist(Part):
    """What to do next: precincts behind or to watch, ranked by what is at stake."""

    def __init__(self, title: str = noted("Next to do"), rows: int = 60) -> None:
        """`title`: its heading. `rows`: so many precincts are shown at most; the export has all."""
        super().__init__(
            "work",
            tile_frame("work", title, [scrolled("work-body", tr("Worklist"))]),
            title=tr(title),
            rows=rows,
        )


class TodayTile(Part):
    """The day in numbers: projected, expected, counted, and how far that can be trusted."""

    def __init__(self, title: str = noted("Today")) -> None:
        """`title`: its heading."""
        body: Component = html.Div(id="today-body", className="body")
        super().__init__("today", tile_frame("today", title, [body]), title=tr(title))


class SilentList(Part):
    """Precincts without a fresh count: those first where somebody watches, the longest silence first."""

    def __init__(self, title: str = noted("Silent"), rows: int = 60) -> None:
        """`title`: its heading. `rows`: so many precincts are shown at most; the export has all."""
        body = scrolled("silent-body", tr("Silent precincts"))
        super().__init__("silent", tile_frame("silent", title, [body]), title=tr(title), rows=rows)


class IncidentList(Part):
    """Open incidents, the youngest first."""

    def __init__(self, title: str = noted("Incidents"), rows: int = 60) -> None:
        """`title`: its heading. `rows`: so many incidents are shown at most; the export has all."""
        body = scrolled("incidents-body", tr("Open incidents"))
        super().__init__("incidents", tile_frame("incidents", title, [body]), title=tr(title), rows=rows)


class UnreadList(Part):
    """Messages that nobody could read yet."""

    def __init__(self, title: str = noted("Unread")) -> None:
        """`title`: its heading."""
        body = scrolled("unread-body", tr("Messages nobody could read"))
        super().__init__("unread", tile_frame("unread", title, [body]), title=tr(title))


class PrecinctMap(Part):
    """Counties or precincts as SVG paths, coloured from the feed; behind a button the same as a table."""

    def __init__(self, title: str = noted("Map")) -> None:
        """`title`: its heading."""
        bodies = [
            html.Div(id="map-body", className="body"),
            scrolled("map-table", tr("The map as a table"), hidden=True),
        ]
        super().__init__("map", tile_frame("map", title, bodies, [html.Div(id="legend")]), title=tr(title))
