"""Watchers' links of a rehearsal, which are issued anew while their loads run."""

import csv
import threading
from collections.abc import Callable, Mapping
from pathlib import Path


class WatcherLinks:
    """Each watcher's token from `file`, as `beluga links issue` prints it; `issue` makes what is missing."""

    def __init__(self, file: Path, issue: Callable[[], str]) -> None:
        self.file = file
        self._issue = issue
        self._links: dict[str, str] = {}
        self._read_at = 0.0  # the file's time of change
        self._lock = threading.Lock()

    def read(self) -> Mapping[str, str]:
        """Each watcher's token, read anew whenever the file has changed; issued where there is none."""
        with self._lock:
            if not self.file.exists():
                self.file.write_text(self._issue(), encoding="utf-8")
            changed = self.file.stat().st_mtime
            if changed != self._read_at:
                with self.file.open(encoding="utf-8", newline="") as file:
                    found = {
                        row["watcher_id"]: row["link"].rsplit("/", 1)[-1] for row in csv.DictReader(file)
                    }
                if found:  # half a file is none
                    self._links, self._read_at = found, changed
            return self._links
