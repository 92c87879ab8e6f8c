"""`beluga install`: one machine on the internet, with certificates, a watchdog and nightly backups."""

import os
import re
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from beluga.install.plan import PROGRAM, STATE, InstallPlan, InstallRequest, install_plan, uninstall_plan
from beluga.install.steps import StepFailedError, carry_out, in_words
from beluga.install.upgrade import UpgradeFailedError, exchange, looks, return_to, upgrade_to
from beluga.stack.failures import CommandRefusedError
from beluga.stack.stack import NoStackError, read_run_file

DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
VERSION = re.compile(r"[0-9][\w.+-]{0,60}")
_HERE = Path(__file__).resolve().parents[2]
Source = Annotated[
    Path, typer.Option("--from", help="A wheel, or a checkout; by default where this command comes from.")
]


def install(
    domain: Annotated[str, typer.Option(help="The public name, e.g. turnout.example.org.")] = "",
    *,
    email: Annotated[str, typer.Option(help="Where the certificate's authority writes to.")] = "",
    source: Source = _HERE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print all that would be done, do none.")
    ] = False,
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take everything away again.")] = False,
    data: Annotated[
        bool, typer.Option("--data", help="With --uninstall: the database, journals and voters as well.")
    ] = False,
) -> None:
    """Make this machine (Debian 12 or 13, Ubuntu 24.04) Beluga's: proxy, certificates, watchdog, backups.

    Again: changes nothing. For another version: beluga upgrade.
    """
    plan = _plan(domain, email, source, uninstall=uninstall, data=data)
    if dry_run:
        print("\n".join(in_words(step) for step in plan.steps))
        return
    if os.geteuid():
        raise CommandRefusedError("only root may install; look first with --dry-run, then use sudo")
    try:
        changed = carry_out(plan.steps, print)
    except StepFailedError as error:
        raise CommandRefusedError(f"{error}; mend it, and run the same command again") from None
    print(f"{changed} of {len(plan.steps)} steps had something to do")
    print("\n".join(plan.told))
    with suppress(NoStackError):
        if not uninstall and (first := read_run_file(STATE).first_account_url):
            print(f"Set-up     {first}\n           (makes the first account; good for one day)")


def upgrade(
    source: Source = _HERE,
    *,
    back: Annotated[
        str, typer.Option(metavar="VERSION", help="Return to a version that was here before.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print all that would be done, do none.")
    ] = False,
) -> None:
    """Exchange this machine's version for that of --from, and return by itself if that one is not well.

    The new version is made and the database prepared while the old one serves; the exchange takes seconds.
    """
    before = _current()
    if back:
        plan = return_to(_kept(back), before)
    else:
        version = version_of(source)
        if version == before:
            print(f"{version} runs already")
            return
        plan = upgrade_to(InstallRequest("", "", source.resolve(), version), before)
    if dry_run:
        print("\n".join(in_words(step) for step in (*plan.ready, *plan.switch, *plan.finish)))
        print("and where it is not well:\n" + "\n".join(in_words(step) for step in plan.back))
        return
    if os.geteuid():
        raise CommandRefusedError("only root may upgrade; look first with --dry-run, then use sudo")
    try:
        exchange(plan, looks(), print)
    except UpgradeFailedError as error:
        raise CommandRefusedError(str(error)) from None
    except NoStackError:
        raise CommandRefusedError("the stack does not run: systemctl start beluga, then upgrade") from None
    print(f"{plan.after} runs and is well; back: beluga upgrade --back {plan.before}")


def _current() -> str:
    try:
        return (PROGRAM / "current").readlink().name
    except OSError:
        raise CommandRefusedError(f"nothing is installed in {PROGRAM}; begin with: beluga install") from None


def _kept(version: str) -> str:
    if not VERSION.fullmatch(version) or not (PROGRAM / version).is_dir():
        there = ", ".join(sorted(p.name for p in PROGRAM.glob("[0-9]*"))) or "none"
        raise CommandRefusedError(f"{version!r} is not here; there are: {there}")
    return version


def version_of(source: Path) -> str:
    """The version of a wheel or a checkout; of a checkout under git with its commit, which is what differs.

    Raises `CommandRefusedError` where it is neither.
    """
    if source.is_file() and source.suffix == ".whl":
        return source.name.split("-")[1]
    if not (source / "requirements.lock").is_file():
        raise CommandRefusedError(f"{source} is neither a wheel nor a checkout; name one with --from")
    version: str = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with suppress(OSError, subprocess.CalledProcessError):
        asked = ("git", "-C", str(source), "rev-parse", "--short=8", "HEAD")
        if (source / ".git").exists():
            version += "+" + subprocess.check_output(asked, text=True, stderr=subprocess.DEVNULL).strip()
    return version


def _plan(domain: str, email: str, source: Path, *, uninstall: bool, data: bool) -> InstallPlan:
    if uninstall:
        return uninstall_plan(data=data)
    if not DOMAIN.fullmatch(domain):
        raise CommandRefusedError(f"{domain!r} is no public name; write --domain turnout.example.org")
    if email and not re.fullmatch(r"[^\s@{}]+@[^\s@{}]+", email):
        raise CommandRefusedError(f"{email!r} is no address; write --email you@example.org")
    return install_plan(InstallRequest(domain, email, source.resolve(), version_of(source)))
