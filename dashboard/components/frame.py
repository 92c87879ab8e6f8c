"""The parts around the tiles: header, notices, replay, alerts, tabs, the panel, and what Dash needs."""

from typing import Any

from dash import html

from dashboard.components.part import Part, marks
from dashboard.languages import tr


class TopBar(Part):
    """The header: election, clock, how live the feed is, the numbers of the whole, and who is signed in."""

    def __init__(self) -> None:
        super().__init__("top", html.Header(id="top", className="top"))


class NoticeBar(Part):
    """What is said to the person: a lost feed, what an action did, an ended session."""

    def __init__(self) -> None:
        super().__init__("notice", html.Div(id="notice", role="status", **marks(aria_live="polite")))


class ReplayBar(Part):
    """The minute of the day that the board shows, and how to move it; hidden while the board is live."""

    def __init__(self) -> None:
        super().__init__(
            "replay", html.Section(id="replay", hidden=True, **marks(aria_label=tr("Replay of the day")))
        )


class AlertLine(Part):
    """The most urgent alert, the rest behind it; hidden where there is none."""

    def __init__(self) -> None:
        super().__init__("alerts", html.Section(id="alerts", hidden=True, **marks(aria_label=tr("Alerts"))))


class ViewTabs(Part):
    """On a phone one tile is shown at a time: the buttons that choose it."""

    def __init__(self, tabs: dict[str, str]) -> None:
        """`tabs`: each tile's element with the word on its button, the first shown first."""
        buttons = [
            html.Button(word, type="button", **marks(data_tab=element)) for element, word in tabs.items()
        ]
        super().__init__(
            "tabs", html.Nav(buttons, id="tabs", **marks(aria_label=tr("Parts of the board"))), tabs=tabs
        )


class PrecinctPanel(Part):
    """One precinct beside the list, or as a page of its own. Hidden while none is open."""

    def __init__(self, children: Any = None) -> None:
        """`children`: what callbacks fill: words, chart, neighbours, check-ins."""
        frame = html.Aside(
            [html.Div(id="panel-bar"), html.Div(className="scroll", **marks(data_body=""))],
            id="panel",
            hidden=True,
            **marks(aria_label=tr("One precinct")),
        )
        super().__init__("panel", frame, children=children)


class FloorDeeds(Part):
    """What staff do on the call floor: move callers, look at who waits, change what callers say."""

    def __init__(self, may_script: bool = False) -> None:
        """`may_script`: whether the script may be changed: nobody whom counties limit may."""
        frame = html.Section(id="floor-deeds", **marks(aria_label=tr("What to do")))
        super().__init__("floor-deeds", frame, may_script=may_script)


class MinuteClock(Part):
    """The feed's minute, for callbacks that draw anew each minute; at rest while the feed is."""

    def __init__(self, id: str = "minute", minute: int | None = None) -> None:
        """`id`: what callbacks know it by. `minute`: minutes since the epoch; None: no feed yet."""
        super().__init__(id=id, minute=minute)


class PageAddress(Part):
    """The address that a page was opened with, for Dash Pages. Later steps are the page's own and stay so."""

    def __init__(
        self, id: str, known: bool = False, pathname: str | None = None, search: str | None = None
    ) -> None:
        """`id`: what Dash Pages knows it by. `known`: the page is here already, and need not be asked for.

        `pathname`, `search`: of the address; None: not told.
        """
        super().__init__(id=id, known=known, pathname=pathname, search=search)


class Takeover(Part):
    """Stands last on a page: when it is drawn, Dash has all of the page and the first HTML goes."""

    def __init__(self) -> None:
        super().__init__()
