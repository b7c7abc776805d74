"""Groups whose commands are imported when they are asked for, so that `--help` is quick."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from api.cli.language import speaking


class LazyGroup(click.Group):
    """A group whose members are named by module; each module holds one `command`.

    Members explain themselves in the language that the context carries as ``obj``.
    """

    def __init__(self, *args: Any, members: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = members

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._members)

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        module = self._members.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return speaking(command, "en" if ctx is None or ctx.obj is None else ctx.obj)


def group(name: str, help_text: str, **members: str) -> LazyGroup:
    """A group of modules in ``api.cli.commands``; a member's `_` reads `-` on the command line."""
    return LazyGroup(
        name,
        help=help_text,
        no_args_is_help=True,
        members={
            member.replace("_", "-"): f"api.cli.commands.{module}"
            for member, module in members.items()
        },
    )
