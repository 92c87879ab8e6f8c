"""What our Dash components have in common.

A part's first elements are drawn in Python (`frame`), once: the war room sends them as the page's first
HTML (`markup.py`), so that the list and the map need not wait for Dash. When Dash has come, the part's React
half (`component.js`) moves those very elements to their place in Dash's tree; where there are none, because
a callback brought the part, it has Dash draw the same `frame`. What then moves on the screen is the part's
own module, which takes the feed's deltas directly.
"""

import inspect
from typing import Any

from dash.development.base_component import Component, ComponentRegistry

NAMESPACE = "dashboard"  # where the browser finds the React halves: window.dashboard


class Part(Component):
    """A component of ours. A subclass writes its props as typed arguments of `__init__` and explains each.

    `element`: the id of the part's first element, which its module and the style sheet know it by.
    `children`: what Dash draws inside, in the element marked `data-body`.
    """

    # Dash declares these so; they are the class's, and nobody changes them
    _namespace = NAMESPACE
    _base_nodes: list[str] = ["frame", "children"]  # noqa: RUF012
    _children_props: list[str] = ["frame"]  # noqa: RUF012
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012
    _prop_names: list[str] = []  # noqa: RUF012

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls._type = cls.__name__
        own = [name for name in inspect.signature(cls.__init__).parameters if name != "self"]
        cls._prop_names = list(dict.fromkeys([*own, "element", "frame"]))
        cls.available_properties = cls._prop_names  # type: ignore[attr-defined]

    def __init__(self, element: str = "", frame: Component | None = None, **props: Any) -> None:
        given = {"element": element, "frame": frame, **props}
        told = {name: value for name, value in given.items() if value is not None}
        super().__init__(**told)  # type: ignore[no-untyped-call]


def marks(**named: str) -> Any:
    """Attributes `aria-…`, `data-…` and `role`, which Dash's types do not know one by one."""
    return {name.replace("_", "-"): value for name, value in named.items()}


class Value(Part):
    """A value without a place on the screen: our modules set it, a callback reads it, or the other way."""

    def __init__(self, id: str, data: Any = None) -> None:
        """`id`: what callbacks know it by. `data`: JSON; None: nothing yet."""
        super().__init__(id=id, data=data)


class PlainTable(Part):
    """A table as Python drew it, in which nothing is typed: for Dash it is one piece.

    Each element of a layout costs the renderer most of a millisecond whenever it is drawn, and tables have
    thousands of cells.
    """

    def __init__(self, markup: str) -> None:
        """`markup`: HTML as `components/markup.py` writes it, where every text is escaped."""
        super().__init__(markup=markup)


def declare_nodes() -> None:
    """Tells Dash that each part's `frame` is drawn, as `children` are. After all parts were imported."""
    ahead: list[type[Component]] = [Part]
    while ahead:
        cls = ahead.pop()
        ComponentRegistry.children_props[NAMESPACE][cls.__name__] = ["frame"]
        ahead += cls.__subclasses__()
