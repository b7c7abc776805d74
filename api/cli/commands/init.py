"""`liuhen init`: make a home folder."""

from dataclasses import replace

import click

from api.cli.shell import Shell, with_shell


@click.command("init")
@with_shell(prints=False)
@click.option("--bureau", help="The bureau's name, at the head of every page.")
@click.option("--origin", help="The log's name in its checkpoints; unique, never changed again.")
@click.option("--office-code", help="The office code in document numbers, such as 零城.")
def command(shell: Shell, bureau: str | None, origin: str | None, office_code: str | None) -> None:
    """Make a home folder: configuration, keys (mode 0600), database, object store. Idempotent."""
    from api.cli.announcements import announce_keys
    from api.services import create_home, open_services

    config = shell.config(bureau=bureau, origin=origin, office_code=office_code)
    new = create_home(config)
    with open_services(replace(config)) as services:
        announce_keys(services, shell.actor)
        shell.publish(services)
    shell.say("home_made" if new else "home_there", home=str(config.home))
    shell.say("home_next", home=str(config.home))
