"""The command `beluga`. Commands load when called, so that `beluga project` never imports the war room."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from beluga.failures import said_of
from election.private_files import keep_private

# name -> "module:function". The function's docstring is its help.
COMMANDS = {
    "check": "beluga.folder_commands:check",
    "import": "beluga.folder_commands:import_",
    "export": "beluga.folder_commands:export",
    "read": "beluga.read_command:read",
    "project": "beluga.project_command:project",
    "backtest": "beluga.backtest_command:backtest",
    "up": "beluga.stack_commands:up",
    "status": "beluga.stack_commands:status",
    "down": "beluga.stack_commands:down",
    "demo": "beluga.demo_command:demo",
    "replay": "beluga.replay_command:replay",
    "recount": "beluga.recount_command:recount",
    "totals": "beluga.totals_command:totals",
    "reread": "beluga.reread_command:reread",
    "preflight": "beluga.preflight_command:preflight",
    "capacity": "beluga.capacity_command:capacity",
    "surge": "beluga.surge_command:surge_",
    "rehearse": "beluga.rehearse_command:rehearse",
    "gameday": "beluga.rehearse_command:gameday",
    "migrate": "beluga.migrate_command:migrate",
    "purge": "beluga.purge_command:purge_",
}
GROUPS = {
    "links": "beluga.link_commands:app",
    "backup": "beluga.backup_commands:app",
    "journal": "beluga.journal_commands:app",
    "user": "beluga.user_commands:app",
    "rollcall": "beluga.rollcall_commands:app",
    "callers": "beluga.caller_commands:app",
}


class LazyGroup(TyperGroup):
    """Imports a command's module only when that command is named."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*COMMANDS, *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        target = COMMANDS.get(cmd_name) or GROUPS.get(cmd_name)
        if target is None:
            return None
        module, name = target.split(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            single.command(cmd_name, context_settings=getattr(found, "context_settings", None))(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        _plainly(command)
        return command


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


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def beluga() -> None:
    """Election-day turnout: what poll watchers text, who falls behind, whom to call."""


def main() -> None:
    """Runs the command named on the command line. What it writes may name people: it is for us alone."""
    keep_private()
    app()
