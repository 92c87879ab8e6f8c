"""Units of systemd: the stack under a watchdog in a cell of its own, and its nightly backup."""

from pathlib import Path

# What the stack never needs is taken from it. PostgreSQL and the services write below the state folder alone.
_CELL = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
"""


def _place(state: Path, settings: Path, user: str) -> str:
    """Whose a unit is, with which settings, and the one folder it may write to."""
    return f"""\
User={user}
Group={user}
EnvironmentFile={settings}/install.env
EnvironmentFile=-{settings}/beluga.env
StateDirectory={state.name}
StateDirectoryMode=0700
WorkingDirectory={state}
"""


def stack_service(program: Path, state: Path, settings: Path, user: str) -> str:
    """`beluga up` as a service: ready when all four services are, restarted when it no longer says so."""
    return f"""\
# Made by beluga install. What is yours goes into: systemctl edit beluga
[Unit]
Description=Beluga, election-day turnout
After=network-online.target time-sync.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
{_place(state, settings, user)}ExecStart={program}/bin/beluga up --state {state}
Restart=always
RestartSec=2
TimeoutStartSec=240
TimeoutStopSec=60
WatchdogSec=60
KillMode=mixed
LimitNOFILE=65536
MemoryHigh=80%
MemoryMax=95%
OOMPolicy=continue
{_CELL}
[Install]
WantedBy=multi-user.target
"""


def command(program: Path, state: Path, settings: Path, user: str) -> str:
    """`beluga` for whoever may become root: as the user whose files it touches, with the stack's settings."""
    return f"""\
#!/bin/sh
# Made by beluga install.
[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
here="$(runuser -u {user} -- sh -c 'cd "$0" 2>/dev/null && pwd || echo /' "$PWD")" # not in root's folder
exec systemd-run --quiet --pipe --wait --collect --uid={user} --gid={user} --working-directory="$here" \\
    --property=EnvironmentFile={settings}/install.env --property=EnvironmentFile=-{settings}/beluga.env \\
    --setenv=HOME={state} --setenv=TERM="${{TERM:-dumb}}" --setenv=COLUMNS="${{COLUMNS:-100}}" \\
    {program}/bin/beluga "$@"
"""


def backup_service(program: Path, state: Path, settings: Path, user: str) -> str:
    """A base backup, its copy elsewhere where a repository is named, and on Sundays the proof that it
    restores.
    """
    proof = f'test "$$(date +%%u)" != 7 || exec {program}/bin/beluga backup verify --state {state}'
    offsite = (  # systemd's own $ and % are written twice
        'test -n "$$RESTIC_REPOSITORY" || exit 0; restic cat config >/dev/null 2>&1 || restic init -q;'
        f" exec restic backup -q {state}/backups"
    )
    return f"""\
# Made by beluga install.
[Unit]
Description=Beluga's nightly backup
After=beluga.service

[Service]
Type=oneshot
{_place(state, settings, user)}Environment=RESTIC_CACHE_DIR={state}/restic
ExecStart={program}/bin/beluga backup now --state {state}
ExecStart=/bin/sh -c '{offsite}'
ExecStart=/bin/sh -c '{proof}'
TimeoutStartSec=4h
Nice=10
{_CELL}"""


def preflight_service(program: Path, state: Path, settings: Path, user: str) -> str:
    """The preflight, its result kept; that checks fail is no failure of the unit."""
    return f"""\
# Made by beluga install.
[Unit]
Description=Beluga's daily preflight
After=beluga.service

[Service]
Type=oneshot
{_place(state, settings, user)}ExecStart={program}/bin/beluga preflight --keep --state {state}
SuccessExitStatus=1
TimeoutStartSec=10min
Nice=10
{_CELL}"""


def preflight_timer() -> str:
    """Every morning, before the office looks."""
    return _timer("daily preflight", "06:10", "10min")


def backup_timer() -> str:
    """Every night, a little later on each machine than on the next."""
    return _timer("nightly backup", "03:10", "20min")


def _timer(what: str, at: str, spread: str) -> str:
    return f"""\
# Made by beluga install.
[Unit]
Description=Beluga's {what}

[Timer]
OnCalendar=*-*-* {at}:00
RandomizedDelaySec={spread}
Persistent=yes

[Install]
WantedBy=timers.target
"""
