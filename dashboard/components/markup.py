"""A layout as the page's first HTML, which stands until Dash has come and takes it over."""

from html import escape
from typing import Any

import orjson
from dash.development.base_component import Component

from dashboard.components.part import Part, PlainTable

_VOID = frozenset(["br", "col", "hr", "img", "input", "link", "meta"])
_NAMES = {"className": "class", "htmlFor": "for", "tabIndex": "tabindex", "dateTime": "datetime"}
_UNSEEN = frozenset(["children", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "key", "frame"])
_HTML = "dash_html_components"


def markup(node: Any) -> str:
    """The first HTML of a layout. Other libraries' components have none: they come with Dash."""
    if node is None or isinstance(node, bool):
        return ""
    if isinstance(node, str | int | float):
        return escape(str(node), quote=False)
    if isinstance(node, list | tuple):
        return "".join(map(markup, node))
    if isinstance(node, Part):
        return _part(node)
    return _element(node, {}) if isinstance(node, Component) and node._namespace == _HTML else ""


def _part(part: Part) -> str:
    if isinstance(part, PlainTable):
        return f'<div class="slot">{part.markup}</div>'  # type: ignore[attr-defined]
    frame = getattr(part, "frame", None)
    if frame is None:
        return ""
    props = {name: getattr(part, name) for name in part._prop_names if hasattr(part, name)}
    for drawn in ("frame", "children", "id"):
        props.pop(drawn, None)
    return _element(frame, {"data-part": part._type, "data-props": orjson.dumps(props).decode()})


def _element(component: Any, more: dict[str, Any]) -> str:
    tag = component._type.lower()
    props = component.to_plotly_json()["props"] | more
    written = "".join(_attribute(name, value) for name, value in props.items() if name not in _UNSEEN)
    if tag in _VOID:
        return f"<{tag}{written}>"
    return f"<{tag}{written}>{markup(getattr(component, 'children', None))}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    name = _NAMES.get(name, name.lower())
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    if name == "style":
        value = ";".join(f"{_hyphenated(key)}:{each}" for key, each in value.items())
    return f' {name}="{escape(str(value))}"'


def _hyphenated(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
