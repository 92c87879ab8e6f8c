"""A call floor as the call desk answers, for tests of the page."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from election.wire import callers as wire
from tests.dashboard.running import CLOSES, NOON

A, B = "01-04", "01-07"
AT = datetime.fromtimestamp(NOON, UTC)
HOUR = timedelta(hours=1)


def a_caller(name: str, **more: object) -> wire.CallerAtWork:
    values = {
        "caller_id": name.lower(), "name": name, "languages": ["en"], "precinct_id": A,
        "minutes_on_call": None, "minutes_idle": None, "calls": 20, "calls_last_hour": 9, "answered": 8,
        "abusive": 0, "barred": False,
    }  # fmt: skip
    return wire.CallerAtWork.model_validate(values | more)


def a_dispatch(precinct: str, name: str, **more: object) -> wire.DispatchView:
    values = {
        "dispatch_id": UUID(int=int(precinct[-2:])), "precinct_id": precinct, "precinct": name,
        "automatic": False, "callers_wanted": 4, "started_at": AT - 2 * HOUR, "started_by": "sam",
        "reason": "", "missing_at_start": 90, "calls": 200, "calling": 1, "remaining": 420,
    }  # fmt: skip
    return wire.DispatchView.model_validate(values | more)


def an_hour(precinct: str, ago: int, calls: int, reached: int, promised: int) -> wire.CallHour:
    return wire.CallHour(
        precinct_id=precinct, precinct=f"Hall {precinct}", hour=AT - ago * HOUR, calls=calls, reached=reached,
        promised=promised,
    )  # fmt: skip


FLOOR = wire.FloorView(
    canvassers=[
        wire.CanvasserAtWork(
            caller_id="dee", name="Dee", precinct_id=A, precinct="Wells Hall", doors=7, left=11, visited=5,
            told=9, reached=4, minutes_idle=None,
        ),
        wire.CanvasserAtWork(
            caller_id="eli", name="Eli", precinct_id="", doors=0, left=0, visited=0, told=0, reached=0,
            minutes_idle=12.0, why_idle="has chosen no precinct",
        ),
    ],
    drivers=[
        wire.DriverAtWork(
            caller_id="fay", name="Fay", seats=3, precinct_id=A, precinct="Wells Hall", ride="picked_up",
            minutes=8.0, brought=2, minutes_idle=None,
        )
    ],
    callers=[
        a_caller("Ana", minutes_on_call=3.0),
        a_caller("Ben", minutes_idle=14.0, why_idle="every open list is used up"),
        a_caller("Cy", minutes_idle=41.0, why_idle="their page does not ask"),
    ],
    waiting=1, outcomes={"will_vote": 21, "no_answer": 60},
    promises=[wire.PromiseCount(precinct_id=A, precinct="Hall", hour=AT - HOUR, open=6, kept=14, broken=1)],
    next_moves=[
        wire.NextMoveCount(
            outcome=wire.Outcome.NEEDS_RIDE, move=wire.NextMove.STAFF, open=2, kept=1, broken=0
        )
    ],
    hours=[an_hour(A, 1, 120, 50, 21), an_hour(B, 1, 30, 9, 3), an_hour(A, 0, 60, 25, 9)],
    precincts=[
        wire.DispatchPace(
            precinct_id=A, precinct="Wells Hall",
            pace=wire.ListPace(
                listed=500, reached=100, left=420, per_hour=50.0, by_close=0.6,
                until=datetime.fromtimestamp(CLOSES, UTC),
            ),
        )
    ],
)  # fmt: skip
DISPATCHES = wire.DispatchList(
    dispatches=[
        a_dispatch(A, "Wells Hall"),
        a_dispatch(B, "Grace Church", calling=0, hold="paused by ann", paused_by="ann"),
    ]
)
WAITING = wire.NextMoveLine(
    voter_id="v-17", precinct_id=A, outcome=wire.Outcome.NEEDS_RIDE, move=wire.NextMove.STAFF, at=AT,
    due_at=AT, said_at=None, need="", line_minutes=None, state=wire.MoveState.OPEN,
)  # fmt: skip
