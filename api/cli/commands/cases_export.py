"""`liuhen cases export`."""

from pathlib import Path

import click

from api.cli.output import print_json
from api.cli.shell import Shell, with_shell
from api.sizes import size_text


@click.command("export")
@with_shell()
@click.argument("number")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The bag's folder; must not be there yet, or be empty.",
)
def command(shell: Shell, number: str, output: Path) -> None:
    """Export the case NUMBER as a BagIt bag: originals, proxies, custody histories, receipts.

    Exit code 1 if the database does not say of the case what the log says (the findings go to
    standard output, as of verify) or a stored file is not what was admitted; 2 if the bag can't be
    made, as of a case without clips. Nothing of it is left then.
    """
    from api.cli.exporting import export
    from api.cli.queries import find_case_id
    from api.cli.verifying import print_findings
    from custody.access import Right
    from custody.bundles.export import BundleRefusedError
    from custody.events import case_item

    with shell.open(migrate=False, changes=True) as services:
        with services.database.read() as tx:
            case_id = find_case_id(tx, number)
        services.access.require(shell.actor, Right.EXPORT, case_item(case_id))
        try:
            bundle, path = export(shell, services, case_id, output.absolute())
        except BundleRefusedError as refused:
            print_findings(shell, services, refused.report)
            raise
        if shell.as_json:
            print_json(
                {
                    "path": str(path),
                    "case": bundle.plan.case.number,
                    "clips": [one.clip.id for one in bundle.plan.linked],
                    "payload_bytes": bundle.payload_bytes,
                    "manifest_sha256": bundle.manifest_sha256,
                    "tagmanifest_sha256": bundle.tagmanifest_sha256,
                }
            )
        else:
            shell.say(
                "exported",
                path=str(path),
                clips=len(bundle.plan.linked),
                bytes=size_text(bundle.payload_bytes),
            )
