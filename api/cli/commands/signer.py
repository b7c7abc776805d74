"""`liuhen signer`: the log's key in a process of its own."""

from pathlib import Path

import click

from api.cli.shell import Shell, with_shell


@click.command("signer")
@with_shell(prints=False)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The socket to listen on (signer.sock in the home).",
)
@click.option("--group", metavar="NAME", help="Let the members of this group ask too.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Listen on a port instead, for whoever knows the secret (LIUHEN_SIGNER_SECRET_FILE).",
)
def command(shell: Shell, socket: Path | None, group: str | None, listen: str | None) -> None:
    """Sign the log's checkpoints for a server that has no key, until Ctrl-C or SIGTERM.

    Needs the keys' folder and the objects to read, and no database.
    """
    from api.cli.failures import CommandError
    from api.cli.signing import Port, Socket, sign_for_others
    from api.cli.words import say
    from api.config import FILE_NAME, load_config_without_rows

    place: Port | Socket = Socket(socket, group)
    if listen is not None:
        if socket is not None or group is not None:
            raise click.UsageError("--listen goes with neither --socket nor --group")
        host, _, number = listen.rpartition(":")
        if not host or not number.isascii() or not number.isdigit() or int(number) > 65_535:
            raise click.UsageError("--listen wants HOST:PORT, such as 127.0.0.1:8490")
        place = Port(host.removeprefix("[").removesuffix("]"), int(number))
    if not (shell.home / FILE_NAME).exists():
        raise CommandError("failure.no_signer_home", home=shell.home)
    config = load_config_without_rows(shell.home, language=shell.given_language)
    sign_for_others(
        config,
        place,
        lambda address: click.echo(say(config.language, "signer_serving", address=address)),
    )
