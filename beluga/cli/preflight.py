"""`beluga preflight`: the public path as a watcher would find it, and what stands behind it."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from beluga.readiness.examination import examine
from beluga.readiness.kept import keep as keep_findings
from beluga.stack.stack import DEFAULT_STATE


def preflight(
    *,
    url: Annotated[
        str | None, typer.Option(help="The public address; default: BELUGA_PUBLIC_URL, else this stack's.")
    ] = None,
    state: Annotated[Path, typer.Option(help="Folder of the stack.", envvar="BELUGA_STATE")] = DEFAULT_STATE,
    ca: Annotated[Path | None, typer.Option(help="Also believe this certificate (PEM).", exists=True)] = None,
    http_port: Annotated[int, typer.Option(min=1, max=65_535, help="Port that must redirect to https.")] = 80,
    local: Annotated[
        bool, typer.Option("--local", help="A stack nobody reaches from outside: no DNS, TLS or redirect.")
    ] = False,
    rehearsals: Annotated[Path, typer.Option(help="Where `beluga rehearse` kept its reports.")] = Path(
        "rehearsals"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON, for a machine.")] = False,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Keep the result in the state folder; tell what passed before, and fails."
        ),
    ] = False,
) -> None:
    """Check everything election day needs, outside to inside; each failure comes with its remedy.

    Leaves two READY texts from a phone number reserved for fiction. Exit status 1 if any check fails.
    """
    findings = asyncio.run(examine(url, state, ca, http_port, local, rehearsals=rehearsals))
    failed = sum(not f.passed for f in findings)
    broken = keep_findings(state, findings, time.time()).broken if keep else {}
    if as_json:
        print(json.dumps([f.as_json() for f in findings], indent=1))
        raise typer.Exit(1 if failed else 0)
    print("\n".join(f.line() for f in findings))
    print(f"{failed} of {len(findings)} checks failed" if failed else f"all {len(findings)} checks passed")
    for check, said in broken.items():
        print(f"BROKE {check}: it passed before; now: {said}")
    if failed:
        raise typer.Exit(1)
