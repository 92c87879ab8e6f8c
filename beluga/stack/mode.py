"""Whether what runs here rehearses, and by which clock: read in one place for every command."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from beluga.stack.stack import NoStackError, read_run_file
from election.runtime.clock import open_clock
from election.runtime.settings import SharedSettings


@dataclass(frozen=True, slots=True)
class Mode:
    """Of the stack that runs in a state folder, else of this shell."""

    rehearsal: bool
    clock_file: Path | None  # of a rehearsal

    def now(self) -> datetime:
        """Stack time."""
        return open_clock(self.clock_file).now()


def mode_of(state: Path) -> Mode:
    """A stack that runs in `state` knows; else `BELUGA_REHEARSAL` and `BELUGA_CLOCK_FILE`, as services do."""
    try:
        run = read_run_file(state)
    except NoStackError:
        settings = SharedSettings()
        return Mode(settings.rehearsal, settings.clock_file)
    return Mode(run.rehearsal, Path(run.clock_file) if run.clock_file else None)
