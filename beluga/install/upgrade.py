"""A machine's version exchanged for another, and back by itself where that one does not come to be well.

Theory of operation. The new version is made beside the one that runs (a folder each below /opt/beluga), and
the database takes the migrations that suit both (`pre`). Only then does `current` point elsewhere and the
unit starts anew; texts that come in those seconds are sent again by their provider. While the file
`upgrading` lies in the state folder, a stack that starts applies `pre` alone (stack/preparation.py), so that
until the new version has been found well the old one may return to a database it knows. Then `post` follows.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beluga.errors import BelugaError
from beluga.install.plan import (
    PROGRAM,
    SETTINGS,
    STATE,
    USER,
    InstallRequest,
    LinkStep,
    RemoveStep,
    RunStep,
    Step,
    WriteStep,
    program_steps,
)
from beluga.install.steps import StepFailedError, carry_out
from beluga.stack.local_stack import probe
from beluga.stack.preparation import UPGRADING
from beluga.stack.stack import SERVICES, NoStackError, read_run_file

CURRENT = PROGRAM / "current"
WELL_SECONDS = 120.0  # from the start of the new version until it must be well
LOOK_SECONDS = 1.0

Look = Callable[[], bool]
Tell = Callable[[str], None]


class UpgradeFailedError(BelugaError):
    """The new version was not taken. The message says why, and what runs now."""


@dataclass(frozen=True, slots=True)
class UpgradePlan:
    """Steps: while the old version serves, the exchange, once the new one is well, and the way back."""

    before: str
    after: str
    ready: Sequence[Step]
    switch: Sequence[Step]
    finish: Sequence[Step]
    back: Sequence[Step]


def upgrade_to(asked: InstallRequest, before: str) -> UpgradePlan:
    """From the version `before` to the one asked for."""
    place = PROGRAM / asked.version
    mark = WriteStep(STATE / UPGRADING, f"{before} {asked.version}\n", owner=USER)
    return UpgradePlan(
        before,
        asked.version,
        ready=(
            *program_steps(asked, place),
            RunStep("a backup first", ("systemctl", "start", "beluga-backup.service")),
            RunStep("tables for both versions", as_user(place, "migrate", "--only", "pre")),
            mark,
        ),
        switch=_to(asked.version),
        finish=(
            RemoveStep(mark.path),
            RunStep("tables for the new version alone", as_user(place, "migrate")),
        ),
        back=(RemoveStep(mark.path), *_to(before)),
    )


def return_to(version: str, before: str) -> UpgradePlan:
    """To a version that was here before; its tables are all there, and newer ones do not disturb it."""
    return UpgradePlan(before, version, (), _to(version), (), _to(before))


def as_user(place: Path, *words: str) -> tuple[str, ...]:
    """A command of the version in `place`, as the user whose files it touches, with the stack's settings."""
    return (
        "systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--uid={USER}", f"--gid={USER}",
        f"--property=EnvironmentFile={SETTINGS}/install.env",
        f"--property=EnvironmentFile=-{SETTINGS}/beluga.env",
        str(place / "bin" / "beluga"), *words, "--state", str(STATE),
    )  # fmt: skip


def _to(version: str) -> tuple[Step, ...]:
    return (
        LinkStep(CURRENT, PROGRAM / version),
        RunStep("the stack starts anew", ("systemctl", "restart", "beluga.service")),
    )


def exchange(
    plan: UpgradePlan, well: Look, tell: Tell, root: Path = Path("/"), seconds: float = WELL_SECONDS
) -> None:
    """Carries it out. Raises `UpgradeFailedError` where the new version was not taken.

    What fails before the exchange leaves the old version as it runs.
    """
    try:
        carry_out(plan.ready, tell, root)
    except StepFailedError as error:
        raise UpgradeFailedError(f"{error}; {plan.before} runs on, untouched") from None
    try:
        carry_out(plan.switch, tell, root)
        why = "" if _becomes(well, seconds) else f"not well {seconds:.0f} s after its start"
    except StepFailedError as error:
        why = str(error)
    if why:
        try:
            carry_out(plan.back, tell, root)
        except StepFailedError as error:
            raise UpgradeFailedError(
                f"{plan.after}: {why}; and back: {error}; look: journalctl -u beluga"
            ) from None
        runs = "runs again" if _becomes(well, seconds) else "was started again, and is not well either"
        raise UpgradeFailedError(f"{plan.after}: {why}; {plan.before} {runs}; look: journalctl -u beluga")
    try:
        carry_out(plan.finish, tell, root)
    except StepFailedError as error:
        raise UpgradeFailedError(
            f"{plan.after} runs and is well, but {error}; then: beluga migrate"
        ) from None


def _becomes(well: Look, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not well():
        if time.monotonic() > deadline:
            return False
        time.sleep(min(LOOK_SECONDS, seconds / 10))
    return True


def looks(state: Path = STATE) -> Look:
    """Whether a stack is as well as it is now: ready where it is ready, else that each service answers.

    Raises `NoStackError` where none runs. (Before an election is imported nothing is ready for the day.)
    """

    def all_say(path: str) -> bool:
        run = read_run_file(state)
        return run.ready and all(probe(f"{run.urls[name]}/{path}")[0] == 200 for name in SERVICES)

    wanted = "readyz" if all_say("readyz") else "healthz"

    def well() -> bool:
        try:
            return all_say(wanted)
        except NoStackError:
            return False

    return well
