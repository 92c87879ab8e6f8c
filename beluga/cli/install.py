"""`beluga install`: one machine on the internet, with certificates, a watchdog and nightly backups."""

import os
import re
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from beluga.install.plan import STATE, InstallPlan, InstallRequest, back_plan, install_plan, uninstall_plan
from beluga.install.steps import StepFailedError, carry_out, in_words
from beluga.stack.failures import CommandRefusedError
from beluga.stack.stack import NoStackError, read_run_file

DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
VERSION = re.compile(r"[0-9][\w.+-]{0,60}")
_HERE = Path(__file__).resolve().parents[2]


def install(
    domain: Annotated[str, typer.Option(help="The public name, e.g. turnout.example.org.")] = "",
    *,
    email: Annotated[str, typer.Option(help="Where the certificate's authority writes to.")] = "",
    source: Annotated[
        Path, typer.Option("--from", help="A wheel, or a checkout; by default where this command comes from.")
    ] = _HERE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print all that would be done, do none.")
    ] = False,
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take everything away again.")] = False,
    data: Annotated[
        bool, typer.Option("--data", help="With --uninstall: the database, journals and voters as well.")
    ] = False,
    back: Annotated[str, typer.Option(metavar="VERSION", help="Run a version that was here before.")] = "",
) -> None:
    """Make this machine (Debian 12 or 13, Ubuntu 24.04) Beluga's: proxy, certificates, watchdog, backups.

    Again: changes nothing; with another --from, the new version runs and the old one stays for --back.
    """
    plan = _plan(domain, email, source, uninstall=uninstall, data=data, back=back)
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


def _plan(domain: str, email: str, source: Path, *, uninstall: bool, data: bool, back: str) -> InstallPlan:
    if uninstall:
        return uninstall_plan(data=data)
    if back:
        if not VERSION.fullmatch(back):
            raise CommandRefusedError(f"{back!r} is no version; look below /opt/beluga")
        return back_plan(back)
    if not DOMAIN.fullmatch(domain):
        raise CommandRefusedError(f"{domain!r} is no public name; write --domain turnout.example.org")
    if email and not re.fullmatch(r"[^\s@{}]+@[^\s@{}]+", email):
        raise CommandRefusedError(f"{email!r} is no address; write --email you@example.org")
    wheel = source.is_file() and source.suffix == ".whl"
    if not wheel and not (source / "requirements.lock").is_file():
        raise CommandRefusedError(f"{source} is neither a wheel nor a checkout; name one with --from")
    version = source.name.split("-")[1] if wheel else metadata.version("beluga-turnout")
    return install_plan(InstallRequest(domain, email, source.resolve(), version))
