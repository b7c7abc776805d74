"""`liuhen stations list`."""

import click

from api.cli.output import local
from api.cli.shell import Shell, with_shell


@click.command("list")
@with_shell()
def command(shell: Shell) -> None:
    """List collection stations."""
    from api.cli.queries import row_altered
    from custody.access import Right
    from ingest.stations import list_stations

    with shell.open() as services:
        services.access.require(shell.actor, Right.SEE_STATIONS, "stations")
        with services.database.read() as tx:
            stations = list_stations(tx)
        shell.print_list(
            stations,
            ("station_name", "id", "seen"),
            lambda station: {
                "id": station.id,
                "name": station.name,
                "verifier_key": station.verifier_key,
                "enrolled_at": station.enrolled_at,
                "revoked_at": station.revoked_at,
                "last_seen_at": station.last_seen_at,
                "altered": list(station.altered),
            },
            lambda station: [
                station.name,
                station.id,
                row_altered(shell.language, station.altered)
                or local(station.last_seen_at, services.config.zone),
            ],
        )
