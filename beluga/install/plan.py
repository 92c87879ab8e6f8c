"""What is to stand on the machine: a list of steps, worked out from a domain and nothing else.

Values only, so that `--dry-run` prints what would be done and a test reads it. `steps.carry_out` does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from beluga.install.caddyfile import MARK, caddyfile
from beluga.install.units import (
    backup_service,
    backup_timer,
    command,
    preflight_service,
    preflight_timer,
    stack_service,
)

PACKAGES = ("caddy", "chrony", "python3-venv", "restic")
USER = "beluga"
STATE, PROGRAM, SETTINGS = Path("/var/lib/beluga"), Path("/opt/beluga"), Path("/etc/beluga")
UNITS = Path("/etc/systemd/system")
COMMAND = Path("/usr/local/bin/beluga")
CADDYFILE = Path("/etc/caddy/Caddyfile")
JOURNALD = Path("/etc/systemd/journald.conf.d/beluga.conf")
STAMPS = Path("/var/lib/systemd/timers")
TIMERS = ("beluga-backup", "beluga-preflight")
SERVICES = ("beluga.service", *(f"{name}.timer" for name in TIMERS))

_OPERATORS = """\
# Yours, and kept: settings of Beluga, one NAME=value a line (docs/operating.md), read after install.env.
# BELUGA_OUTBOUND_NUMBERS=[{"number": "+12155550100", "provider": "twilio", "preset": "toll_free"}]
# RESTIC_REPOSITORY=s3:https://s3.example.org/beluga
# RESTIC_PASSWORD=
"""


@dataclass(frozen=True, slots=True)
class InstallRequest:
    """What the operator said. `source`: a wheel, or a checkout with its lock file."""

    domain: str
    email: str
    source: Path
    version: str


@dataclass(frozen=True, slots=True)
class RunStep:
    """A command, run unless `unless` succeeds or, where `when` names files, none of them has changed."""

    why: str
    command: tuple[str, ...]
    unless: tuple[str, ...] = ()
    when: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteStep:
    """A file of ours. `kept`: the operator's once it stands; `mark`: one without it is somebody else's."""

    path: Path
    content: str
    mode: int = 0o644
    owner: str = "root"
    kept: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class LinkStep:
    """A symbolic link, moved in one step, so that there is never none."""

    path: Path
    target: Path


@dataclass(frozen=True, slots=True)
class RemoveStep:
    """A file or folder that goes; `restore`: a copy set aside on the way in comes back.

    `mark`: a file without it is somebody else's, and stays.
    """

    path: Path
    restore: bool = False
    mark: str = ""


Step = RunStep | WriteStep | LinkStep | RemoveStep


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """Steps in order, and what to tell the operator at the end."""

    steps: Sequence[Step]
    told: Sequence[str] = field(default=())


def install_plan(asked: InstallRequest) -> InstallPlan:
    """All that makes a fresh machine Beluga's. Carried out again it changes nothing."""
    place = PROGRAM / asked.version
    caddy = WriteStep(CADDYFILE, caddyfile(asked.domain, asked.email), mark=MARK)
    unit = WriteStep(UNITS / "beluga.service", stack_service(PROGRAM / "current", STATE, SETTINGS, USER))
    backup = WriteStep(
        UNITS / "beluga-backup.service", backup_service(PROGRAM / "current", STATE, SETTINGS, USER)
    )
    timer = WriteStep(UNITS / "beluga-backup.timer", backup_timer())
    preflight = WriteStep(
        UNITS / "beluga-preflight.service", preflight_service(PROGRAM / "current", STATE, SETTINGS, USER)
    )
    daily = WriteStep(UNITS / "beluga-preflight.timer", preflight_timer())
    env = WriteStep(
        SETTINGS / "install.env",
        f"BELUGA_STATE={STATE}\nBELUGA_PUBLIC_URL=https://{asked.domain}\n"
        f"BELUGA_FEED_PUBLIC_URL=wss://{asked.domain}/feed\nBELUGA_COOKIE_SECURE=true\n"
        "BELUGA_TRUSTED_PROXIES=127.0.0.1\nBELUGA_TRUSTED_PROXY=127.0.0.1\n",
    )
    log = WriteStep(
        JOURNALD, "# Made by beluga install.\n[Journal]\nSystemMaxUse=500M\nMaxRetentionSec=30day\n"
    )
    steps: list[Step] = [
        RunStep("packages of the distribution",
            ("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES),
            unless=("dpkg", "-s", *PACKAGES)),
        RunStep("a user of its own, who cannot sign in",
            ("useradd", "--system", "--home-dir", str(STATE), "--shell", "/usr/sbin/nologin", USER),
            unless=("id", USER)),
        *program_steps(asked, place),
        LinkStep(PROGRAM / "current", place),
        WriteStep(SETTINGS / "beluga.env", _OPERATORS, 0o600, kept=True),
        WriteStep(COMMAND, command(PROGRAM / "current", STATE, SETTINGS, USER), 0o755),
        env, unit, backup, timer, preflight, daily, log, caddy,
        RunStep("systemd reads its units again", ("systemctl", "daemon-reload"),
            when=(unit.path, backup.path, timer.path, preflight.path, daily.path)),
        RunStep("the journal's limits", ("systemctl", "restart", "systemd-journald"), when=(log.path,)),
        RunStep("the stack starts anew", ("systemctl", "restart", "beluga.service"),
            when=(unit.path, env.path, PROGRAM / "current")),
        RunStep("they start with the machine", ("systemctl", "enable", "--now", *SERVICES),
            # of several at once it would be content with any
            unless=("sh", "-c", " && ".join(f"systemctl is-enabled --quiet {name}" for name in SERVICES))),
        RunStep("the proxy takes the paths", ("systemctl", "restart", "caddy.service"), when=(caddy.path,)),
    ]  # fmt: skip
    return InstallPlan(steps, (
        f"War room   https://{asked.domain}",
        f"Settings   {SETTINGS / 'beluga.env'}, then: systemctl restart beluga",
        "Open to the world: 80 and 443, nothing else (ufw allow 80,443/tcp)",
        "Look       systemctl status beluga; journalctl -u beluga; beluga preflight",
    ))  # fmt: skip


def program_steps(asked: InstallRequest, place: Path) -> list[Step]:
    """The version asked for, in a folder of its own; nothing where it is there."""
    python = str(place / "bin" / "python")
    done = (python, "-c", "import beluga.commands")
    made: list[Step] = [RunStep("a virtual environment", ("python3", "-m", "venv", str(place)), unless=done)]
    lock = asked.source / "requirements.lock"
    if asked.source.is_dir():
        locked = (python, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock))
        made.append(RunStep("what Beluga stands on, as locked", locked, unless=done))
        last: tuple[str, ...] = ("--no-deps", str(asked.source))
    else:
        last = (str(asked.source),)
    made.append(RunStep("Beluga itself", (python, "-m", "pip", "install", "-q", *last), unless=done))
    pruning = (python, "-m", "beluga.install.pruning")
    made.append(RunStep("what nobody opens goes", pruning, unless=(*pruning, "--check")))
    return made


def uninstall_plan(*, data: bool) -> InstallPlan:
    """Everything of ours goes; the state folder (journals, database, backups) only where `data` is said."""
    steps: list[Step] = [
        RunStep("the stack stops", ("systemctl", "disable", "--now", *SERVICES),
            unless=("test", "!", "-e", str(UNITS / "beluga.service"))),
        RemoveStep(UNITS / "beluga.service"),
        *(RemoveStep(UNITS / f"{name}.{kind}") for name in TIMERS for kind in ("service", "timer")),
        RemoveStep(JOURNALD), RemoveStep(COMMAND), RemoveStep(PROGRAM),
        RemoveStep(CADDYFILE, restore=True, mark=MARK),
        RunStep("systemd reads its units again", ("systemctl", "daemon-reload"),
            when=(UNITS / "beluga.service",)),
        RunStep("the proxy lets go", ("systemctl", "restart", "caddy.service"), when=(CADDYFILE,)),
    ]  # fmt: skip
    if data:
        steps += [
            RemoveStep(STATE), RemoveStep(SETTINGS),
            *(RemoveStep(STAMPS / f"stamp-{name}.timer") for name in TIMERS),
            RunStep("its user", ("userdel", USER), unless=("sh", "-c", f"! id {USER}")),
        ]  # fmt: skip
        return InstallPlan(steps, ("Gone. The distribution's packages stay: caddy, chrony, restic.",))
    return InstallPlan(
        steps, (f"Gone, but for {STATE} and {SETTINGS}: --data removes them, and their voters.",)
    )
