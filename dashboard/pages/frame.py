"""The page around every layout: its first HTML, its modules and styles, and Dash's tags at rest.

Whoever opens a page gets its layout as HTML (`components/markup.py`), which our modules fill at once. Dash's
tags wait in a template until the first paint (`browser/panel_scripts.js`); then Dash draws the same layout
and takes the HTML's parts over. What is private to Dash and used all the same stands in this module, and in
`components/part.py`; the lock files pin its version, and a test fails where another moves it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dash
import flask
from dash import Dash, html
from dash._pages import _parse_query_string, _path_to_page
from dash.development.base_component import Component

from dashboard.browser import Scripts
from dashboard.components import PageAddress, Takeover, Value
from dashboard.components.markup import markup
from dashboard.languages import spoken, tr
from dashboard.styles import StyleSheets

FRAME = (Path(__file__).parent / "frame.html").read_text("utf-8")
FIRST_QUESTION = "first_question.js"  # runs before the others are here
BOARD_MODULE, PLAIN_MODULE = "begin.js", "plain_page.js"
NOT_FOUND = "not_found_404"  # as Dash names the page of unknown addresses
Layout = Callable[..., Any]

_MARK = re.compile(r"\{%(\w+)%\}")
_ENTRY = '<div id="react-entry-point"></div>'


@dataclass(frozen=True, slots=True)
class PageStyle:
    """What a page is made with besides its layout: its first module, and its style sheet (`styles`)."""

    module: str = PLAIN_MODULE
    sheet: str = "page"


BOARD = PageStyle(BOARD_MODULE, "board")


@dataclass(frozen=True, slots=True)
class WarRoomPage:
    """One page: its name in Dash's registry, its address or template of addresses, title and layout."""

    name: str
    title: str
    layout: Layout
    path: str | None = None
    path_template: str | None = None
    style: PageStyle = field(default_factory=PageStyle)


def page_of(*parts: Any, **more: Any) -> Component:
    """A page's content; what stands last in it tells when Dash has drawn all of it."""
    return html.Div([*parts, Takeover()], id="page", disable_n_clicks=True, **more)


def container() -> Component:
    """Where Dash Pages draws a page: Dash's own container without its `dcc` parts, which are megabytes.

    The page that asks for it is in it already: so Dash need not ask a second time. Where a browser does not
    say from which page it asks, Dash Pages asks as ever.
    """
    page = _asking_page()
    content = html.Div(page, id=dash.dash._ID_CONTENT, className="slot", disable_n_clicks=True)
    address = PageAddress(dash.dash._ID_LOCATION, known=page is not None)
    return html.Div([address, content, Value(dash.dash._ID_STORE)], className="slot", disable_n_clicks=True)


def _asking_page() -> Any:
    if not flask.has_request_context() or flask.request.path != "/_dash-layout":
        return None
    asked = urlsplit(flask.request.headers.get("Referer", ""))
    if asked.netloc != flask.request.host:
        return None
    return drawn_at(unquote(asked.path), f"?{asked.query}" if asked.query else "")[1]


def drawn_at(path: str, search: str) -> tuple[Any, Any]:
    """The registered page of an address, and its layout as drawn."""
    page, variables = _path_to_page(path.strip("/"))  # type: ignore[no-untyped-call]
    if not page:
        page, variables = dash.page_registry[NOT_FOUND], {}
    query = _parse_query_string(search)  # type: ignore[no-untyped-call]
    return page, page["layout"](**{**query, **(variables or {})})


class WarRoomDash(Dash):
    """Dash, whose pages begin as HTML."""

    def __init__(self, server: flask.Flask, scripts: Scripts, styles: StyleSheets) -> None:
        self._scripts, self._styles = scripts, styles
        super().__init__(
            "dashboard",
            server=server,  # type: ignore[arg-type]
            use_pages=True,
            pages_folder="",
            title="Beluga war room",
            update_title="",
            meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
            serve_locally=True,
            compress=False,
            include_pages_meta=False,
            suppress_callback_exceptions=True,  # callbacks of pages that are not open
        )
        self.layout = container

    def add_pages(self, pages: list[WarRoomPage]) -> None:
        """Registers the pages; those of an application built before in this process make way."""
        dash.page_registry.clear()
        for page in pages:
            dash.register_page(  # type: ignore[no-untyped-call]
                page.name, path=page.path, path_template=page.path_template, title=page.title,
                layout=_given_texts(page.layout), style=page.style,
            )  # fmt: skip

    def index(self, *_args: Any, **_kwargs: Any) -> flask.Response:
        """The page at the request's address. What its layout finds missing is answered 404 with the page."""
        answer = flask.make_response(super().index())  # type: ignore[no-untyped-call]
        answer.status_code = flask.g.get("page_status", 200)
        return answer

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        """The HTML of a page: Dash's tags, with the layout of the address drawn."""
        page, layout = drawn_at(flask.request.path, _search())
        style: PageStyle = page["style"]
        sheet = f'<link rel="stylesheet" href="{self._styles.address(style.sheet)}">'
        title = page_marks().pop("data-title", tr(page["title"]))
        return filled(
            parts | {
                "lang": spoken().language, "title": escape(title), "first": markup(layout),
                "app_entry": _ENTRY,
                "css": sheet, "early": early_tags(self._scripts, style.module),
                "entry": _module(self._scripts, style.module),
                "marks": "".join(f' {name}="{escape(value)}"' for name, value in page_marks().items()),
            }
        )  # fmt: skip


def _given_texts(layout: Layout) -> Layout:
    """The layout, given the texts of an address's query; a name given twice would come as a list."""

    @wraps(layout)
    def given(**query: Any) -> Any:
        return layout(**{name: value for name, value in query.items() if isinstance(value, str)})

    return given


def early_tags(scripts: Scripts, module: str) -> str:
    """Tags that have all modules of a page come at once, and not one after the other."""
    first = f'<script type="module" async src="{scripts.address(FIRST_QUESTION)}"></script>\n'
    names = [scripts.address(module), *scripts.needed_by(module)]
    early = "\n".join(f'<link rel="modulepreload" href="{each}">' for each in names)
    return (first if module == BOARD_MODULE else "") + early


def filled(parts: Mapping[str, str]) -> str:
    """The frame with its marks filled, each once: what a layout says is never taken for a mark."""
    return _MARK.sub(lambda mark: parts[mark[1]], FRAME)


def page_marks() -> dict[str, str]:
    """Attributes of `body` that a page's module reads; a layout sets them as it is drawn."""
    found: dict[str, str] = flask.g.setdefault("page_marks", {})
    return found


def forbidden() -> None:
    """Says that this page is not for who asks: it is answered 403, and says who may."""
    flask.g.page_status = 403


def not_found() -> None:
    """Says that what the address names is not there: the page is answered 404."""
    flask.g.page_status = 404


def _module(scripts: Scripts, name: str) -> str:
    return f'<script type="module" src="{scripts.address(name)}"></script>'


def _search() -> str:
    return f"?{flask.request.query_string.decode(errors='replace')}" if flask.request.query_string else ""
