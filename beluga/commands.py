"""The command `beluga`. Commands load when called, so that `beluga project` never imports the war room."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cache, wraps
from importlib import import_module, metadata
from typing import Annotated, Any, cast

import typer
from typer.core import CompletionItem, TyperGroup  # type: ignore[attr-defined]

from election.runtime.loading import loading

with loading():
    from beluga.stack.failures import said_of
    from election.runtime.private_files import keep_private

# name -> "module:function". The function's docstring is its help.
COMMANDS = {
    "check": "beluga.cli.folder:check",
    "adopt": "beluga.cli.adopt:adopt",
    "early": "beluga.cli.adopt:early",
    "import": "beluga.cli.folder:import_",
    "export": "beluga.cli.folder:export",
    "read": "beluga.cli.read:read",
    "card": "beluga.cli.card:card",
    "project": "beluga.cli.project:project",
    "backtest": "beluga.cli.backtest:backtest",
    "up": "beluga.cli.stack:up",
    "status": "beluga.cli.stack:status",
    "down": "beluga.cli.stack:down",
    "demo": "beluga.cli.demo:demo",
    "replay": "beluga.cli.replay:replay",
    "recount": "beluga.cli.recount:recount",
    "totals": "beluga.cli.totals:totals",
    "effect": "beluga.cli.effect:effect",
    "reread": "beluga.cli.reread:reread",
    "install": "beluga.cli.install:install",
    "upgrade": "beluga.cli.install:upgrade",
    "preflight": "beluga.cli.preflight:preflight",
    "capacity": "beluga.cli.capacity:capacity",
    "surge": "beluga.cli.surge:surge_",
    "rehearse": "beluga.cli.rehearse:rehearse",
    "gameday": "beluga.cli.rehearse:gameday",
    "migrate": "beluga.cli.migrate:migrate",
    "purge": "beluga.cli.purge:purge_",
}
GROUPS = {
    "early-day": "beluga.cli.early_day:app",
    "links": "beluga.cli.links:app",
    "backup": "beluga.cli.backup:app",
    "journal": "beluga.cli.journal:app",
    "user": "beluga.cli.user:app",
    "rollcall": "beluga.cli.rollcall:app",
    "callers": "beluga.cli.callers:app",
    "watchers": "beluga.cli.watchers:app",
    "numbers": "beluga.cli.numbers:app",
}


class Commands(Mapping[str, Any]):
    """Commands by name. A command's module is imported only when that command is asked for."""

    def __iter__(self) -> Iterator[str]:
        yield from (*COMMANDS, *GROUPS)

    def __len__(self) -> int:
        return len(COMMANDS) + len(GROUPS)

    def __getitem__(self, name: str) -> Any:
        return _made(name)


@cache
def _made(name: str) -> Any:
    """The command, from its module."""
    module, attribute = (COMMANDS.get(name) or GROUPS[name]).split(":")
    with loading():
        found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name, context_settings=getattr(found, "context_settings", None))(found)
        command = typer.main.get_command(single)
    command.name = name
    _plainly(command)
    return command


class LazyGroup(TyperGroup):
    """A group whose commands load when they are named; a misspelt name is answered with the likely ones."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"commands": {}})
        self.commands = cast(MutableMapping[str, Any], Commands())

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """Names alone: to show each one's help as well would load them all."""
        options = (
            TyperGroup(params=self.params).shell_complete(ctx, incomplete) if incomplete[:1] == "-" else []
        )
        return options + [CompletionItem(name) for name in self.commands if name.startswith(incomplete)]


def _plainly(command: Any) -> None:
    """Lets a command, or every one of a group, say in one line what it could not do, and end with 1."""
    for each in getattr(command, "commands", {}).values():
        _plainly(each)
    if command.callback is not None:
        names = {
            p.name: p.name.upper() if p.param_type_name == "argument" else p.opts[0] for p in command.params
        }
        command.callback = _guarded(command.callback, names)


def _guarded(act: Callable[..., Any], names: dict[str, str]) -> Callable[..., Any]:
    @wraps(act)
    def guarded(**given: Any) -> Any:
        try:
            return act(**given)
        except Exception as error:
            words = said_of(error, {names.get(name, name): value for name, value in given.items()})
            if words is None:
                raise
            typer.echo(f"beluga: {words}", err=True)
            raise typer.Exit(1) from None

    return guarded


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        print(f"beluga {metadata.version('beluga-turnout')}")
        raise typer.Exit


@app.callback()
def beluga(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Election-day turnout: what poll watchers text, who falls behind, whom to call."""


def main() -> None:
    """Runs the command named on the command line. What it writes may name people: it is for us alone."""
    keep_private()
    app()
