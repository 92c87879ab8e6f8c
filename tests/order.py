"""The order of test files: those that take long begin first, so that none is left alone at the end.

`make test` runs files side by side, each by one worker. The list is by what they took on two busy cores
(`pytest --durations=250`); a file that is missing here comes later, a name without a file is passed over.
"""

from pathlib import PurePath
from typing import Any

LONG_FILES = (
    "callers/pages/test_caller.py",
    "dashboard/board/test_accessible.py",
    "security/test_access.py",
    "chaos/run/test_rehearsal.py",
    "beluga/cli/test_hostile.py",
    "end_to_end/test_kills.py",
    "end_to_end/test_demo_check.py",
    "tally/projection/test_laws.py",
    "security/test_harvest.py",
    "tally/model/fit/test_site_shares.py",
    "dashboard/board/test_board.py",
    "fuzz/test_expressions.py",
    "simulation/test_simulation.py",
    "dashboard/desks/test_desk_news.py",
    "election/runtime/test_whole_requests.py",
    "dashboard/desks/test_desks.py",
    "intake/test_crash.py",
    "end_to_end/test_access_ends.py",
    "intake/test_workers.py",
    "intake/openapi/test_openapi.py",
    "test_sql.py",
    "dashboard/desks/test_thread.py",
    "end_to_end/test_replay.py",
    "intake/form/test_pwa.py",
    "tally/projection/test_projection.py",
    "end_to_end/test_started_again.py",
    "dashboard/board/test_replay.py",
    "dashboard/board/test_away.py",
    "dashboard/test_office.py",
    "dashboard/desks/test_reassign.py",
    "test_glossary.py",
    "deploy/test_public_paths.py",
    "end_to_end/test_private_files.py",
    "end_to_end/test_busy.py",
    "callers/service/test_service.py",
    "dashboard/alerts/test_alerts.py",
    "dashboard/map/test_map.py",
    "dashboard/accounts/test_sign_in.py",
    "deploy/test_keepers.py",
    "dashboard/board/test_claims.py",
    "intake/hotline/test_hotline.py",
    "tally/engine/test_follower.py",
)
_PLACE = {name: place for place, name in enumerate(LONG_FILES)}


def longest_first(items: list[Any], tests: PurePath) -> None:
    """Sorts tests by their file's place above; those of one file stay as they are."""
    items.sort(key=lambda item: _PLACE.get(item.path.relative_to(tests).as_posix(), len(_PLACE)))
