"""The board's frame, drawn once by Dash; the asset scripts fill it from the feed."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

# No modebar and no way for a chart to leave the house: plotly would offer to upload it to its cloud.
GRAPH: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "showLink": False,
    "topojsonURL": "/assets/topojson/",
    "responsive": True,
    "doubleClick": False,
    "scrollZoom": True,
}

_BLANK = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}


def _named(attributes: dict[str, str]) -> Any:
    """aria-… and data-… attributes, which Dash's types do not know one by one."""
    return attributes


def tile(key: str, title: str, *inside: Any) -> Any:
    """One tile: its heading, the age of its data, its content."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2([title, html.Span(id=f"{key}-count", className="count")], id=f"{key}-title"),
                    html.Div(id=f"{key}-tools", className="tools"),
                    html.Span(className="age", title="Age of what is shown, by this device's clock"),
                ],
                className="tile-head",
            ),
            *inside,
        ],
        id=key,
        className="tile",
        **_named({"aria-labelledby": f"{key}-title", "data-tile": key}),
    )


def layout() -> Any:
    """The whole page."""
    return html.Div(
        [
            html.Header(id="top", className="top"),
            html.Div(id="notice", role="status", **_named({"aria-live": "polite"})),
            html.Section(id="replay", hidden=True, **_named({"aria-label": "Replay of the day"})),
            html.Section(id="alerts", hidden=True, **_named({"aria-label": "Alerts"})),
            html.Nav(id="tabs", **_named({"aria-label": "Parts of the board"})),
            html.Main(
                [
                    tile(
                        "map",
                        "Map",
                        html.Div(id="legend"),
                        html.Div(
                            dcc.Graph(
                                id="map-graph",
                                figure=_BLANK,
                                config=GRAPH,
                                responsive=True,
                                clear_on_unhover=True,
                            ),
                            id="map-body",
                            className="body",
                        ),
                        html.Div(
                            id="map-table",
                            className="body scroll",
                            hidden=True,
                            tabIndex=0,
                            role="region",
                            **_named({"aria-label": "The map as a table"}),
                        ),
                    ),
                    tile("today", "Today", html.Div(id="today-body", className="body")),
                    tile("work", "Next to do", _body("work", "Worklist")),
                    tile("silent", "Silent", _body("silent", "Silent precincts")),
                    tile("incidents", "Incidents", _body("incidents", "Open incidents")),
                    tile("unread", "Unread", _body("unread", "Messages nobody could read")),
                    html.Aside(
                        [
                            html.Div(id="panel-bar"),
                            html.Div(
                                [
                                    html.Div(id="panel-words"),
                                    html.Div(
                                        dcc.Graph(
                                            id="panel-chart", figure=_BLANK, responsive=True,
                                            config=GRAPH | {"scrollZoom": False},
                                        ),
                                        id="panel-day",
                                    ),
                                    html.Div(id="panel-actions"),
                                    html.Div(id="panel-around"),
                                    html.Div(id="panel-log"),
                                ],
                                className="scroll",
                            ),
                        ],
                        id="panel",
                        hidden=True,
                        **_named({"aria-labelledby": "panel-name"}),
                    ),
                ],
                id="board",
            ),
            dcc.Store(id="map-view"),
            dcc.Store(id="map-touched"),
            dcc.Store(id="panel-request"),
        ],
        id="page",
    )  # fmt: skip


def _body(key: str, label: str) -> Any:
    return html.Div(
        id=f"{key}-body", className="body scroll", tabIndex=0, role="region", **_named({"aria-label": label})
    )


def add_map(app: Dash) -> None:
    """The map's figure is made in the page: shapes come by URL, colours from the feed."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("beluga", "mapFigure"),
        Output("map-graph", "figure"),
        Input("map-view", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("beluga", "mapTouched"),
        Output("map-touched", "data"),
        Input("map-graph", "clickData"),
        Input("map-graph", "hoverData"),
        prevent_initial_call=True,
    )


PAGE = """<!doctype html>
<html lang="en">
<head>
{%metas%}
<meta name="color-scheme" content="light dark">
<title>{%title%}</title>
<link rel="icon" href="/assets/favicon.svg">
{%css%}
</head>
<body>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""
