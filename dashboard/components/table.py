"""A table's place on a page: it scrolls where it is too wide."""

from dash import html
from dash.development.base_component import Component

from dashboard.components.markup import markup
from dashboard.components.part import PlainTable, marks


def scrolling(label: str, table: Component, *, typed: bool = False) -> Component:
    """The table in a place that scrolls.

    `typed`: there are fields or buttons in it, which Dash keeps as they are while it draws the cells around
    them anew; else the table is one piece for Dash.
    """
    return html.Div(
        table if typed else PlainTable(markup(table)),
        className="scroll",
        tabIndex="0",
        role="region",
        **marks(aria_label=label),
    )
