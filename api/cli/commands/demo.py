"""`liuhen demo`: what `make run` calls."""

from pathlib import Path

import click

from api.cli.shell import Shell, with_shell


@click.command("demo")
@with_shell(prints=False)
@click.option("--port", type=click.IntRange(1, 65535), help="The port of the server.")
@click.option(
    "--footage",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of recordings to dock; it is only read. Default: sample footage is made.",
)
def command(shell: Shell, port: int | None, footage: Path | None) -> None:
    """Run everything on this machine: server, station, footage, users. Goes on where it was."""
    from api.demo.run import run_demo

    run_demo(shell, shell.config(port=port), footage)
