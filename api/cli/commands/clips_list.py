"""`liuhen clips list`."""

import click

from api.cli.shell import Shell, with_shell
from api.sizes import size_text

PAGE = 500


@click.command("list")
@with_shell()
@click.option("--officer", help="Only this officer's.")
@click.option("--recorder", help="Only this recorder's.")
@click.option("--state", type=click.Choice(["archived", "ready", "damaged", "quarantined"]))
@click.option("--from", "start", metavar="WHEN", help="Recorded at or after (ISO 8601).")
@click.option("--to", "end", metavar="WHEN", help="Recorded before (ISO 8601).")
@click.option("--case", "case_number", metavar="NO", help="Only those linked to this case.")
@click.option("--text", help="Part of the name, or the beginning of a SHA-256.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
def command(
    shell: Shell,
    officer: str | None,
    recorder: str | None,
    state: str | None,
    start: str | None,
    end: str | None,
    case_number: str | None,
    text: str | None,
    limit: int | None,
) -> None:
    """List clips, the latest recording first."""
    from api.cli.queries import all_clips, clip_json, clip_recorded, clip_state, get_case_by_number
    from api.cli.times import parse_moment
    from custody.access import Right
    from custody.clip_search import ClipFilter
    from custody.events import EventKind

    with shell.open() as services:
        services.access.require(shell.actor, Right.SEE_CLIPS, "clips")
        zone = services.config.zone
        with services.database.read() as tx:
            wanted = ClipFilter(
                officer=officer,
                recorder=recorder,
                state=state,
                recorded_from=parse_moment(start, zone, "--from"),
                recorded_to=parse_moment(end, zone, "--to"),
                text=text,
                case_id=get_case_by_number(tx, case_number).id if case_number else None,
            )
            clips, total = all_clips(tx, wanted, limit)
        query = {
            name: value
            for name, value in {
                "officer": officer,
                "recorder": recorder,
                "state": state,
                "from": start,
                "to": end,
                "case": case_number,
                "text": text,
            }.items()
            if value is not None
        }
        shell.note(
            services, EventKind.CLIPS_LISTED, None, {"count": len(clips)}, {"query": dict(query)}
        )
        shell.print_list(
            clips,
            ("id", "name", "officer", "recorder", "recorded", "size", "state"),
            clip_json,
            lambda clip: [
                clip.id,
                clip.name,
                clip.officer or "",
                clip.recorder or "",
                clip_recorded(shell.language, clip, zone),
                size_text(clip.size_bytes),
                clip_state(shell.language, clip),
            ],
        )
        if shell.as_json:
            return
        shell.say_total("clips_total", len(clips), total)
