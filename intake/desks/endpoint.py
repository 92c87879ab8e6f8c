"""The desks' JSON API (`election/wire/desks.py`): queues, taking, finishing, roll call.

What staff decide here becomes a staff decision through the same pipeline as `PUT /decisions`: the log holds
it and a recount reproduces it. The desks need PostgreSQL; while it is away they answer 503 and say so.
"""

from aiohttp import web

from intake.desks.access import DeskAccess
from intake.desks.finishing import DeskWork
from intake.desks.items import DeskItems
from intake.desks.photos import PhotoDesk
from intake.desks.queues import DeskQueues
from intake.desks.roll_call import RollCallDesk
from intake.desks.silent import SilentDesk
from intake.desks.threads import WatcherThreads


def add_desks(app: web.Application, desk: DeskAccess) -> None:
    """Adds the desks' routes."""
    items = DeskItems(desk)
    said, photos = WatcherThreads(desk, items), PhotoDesk(desk)
    silent = SilentDesk(desk)
    queues, work, roll_call = DeskQueues(desk, items), DeskWork(desk, items), RollCallDesk(desk)
    for method, path, handler in (
        ("GET", "/desks", queues.counts),
        ("GET", "/desks/{desk}", queues.page),
        ("POST", "/desks/{desk}/{item}/take", work.take),
        ("POST", "/desks/{desk}/{item}/release", work.release),
        ("POST", "/desks/{desk}/{item}/finish", work.finish),
        ("GET", "/desks/{desk}/{item}/thread", said.of_item),
        ("GET", "/threads/{watcher}", said.of_watcher),
        ("GET", "/precincts/{precinct}/photos", photos.of_precinct),
        ("GET", "/photos/{message}/{number}", photos.show),
        ("GET", "/photos/{message}/{number}/small", photos.show_small),
        ("GET", "/rollcall", roll_call.show),
        ("POST", "/rollcall/{what:invite|remind}", roll_call.invite),
        ("POST", "/silent/remind", silent.remind),
    ):
        app.router.add_route(method, path, desk.guarded(handler))
