"""`liuhen serve`: the web service and its worker."""

import click

from api.cli.shell import Shell, with_shell


@click.command("serve")
@with_shell(prints=False)
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info"
)
def command(shell: Shell, host: str | None, port: int | None, log_level: str) -> None:
    """Serve pages, stations and the public log, and do the work, until Ctrl-C or SIGTERM."""
    from api.cli.serving import serve

    config = shell.config(host=host, port=port)
    serve(
        config,
        shell.actor,
        log_level=log_level,
        ready=lambda address: shell.say("serving", address=address),
    )
