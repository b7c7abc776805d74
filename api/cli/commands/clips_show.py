"""`liuhen clips show`."""

import click

from api.cli.output import local, print_json, print_table
from api.cli.shell import Shell, with_shell
from api.cli.words import say_word
from api.sizes import size_text


@click.command("show")
@with_shell()
@click.argument("clip")
def command(shell: Shell, clip: str) -> None:
    """Show CLIP (its id, or eight or more digits of its SHA-256): facts, links, custody history."""
    from api.cli.histories import EntryLines
    from api.cli.queries import clip_json, clip_recorded, clip_state, event_json, find_clip
    from custody.access import Right
    from custody.cases import links_of_clip
    from custody.clip_names import names_of_clips
    from custody.events import EventKind, clip_item
    from custody.history import history_of
    from custody.recording_times import TimeSource
    from custody.renditions import renditions_of

    with shell.open() as services:
        services.access.require(shell.actor, Right.SEE_CLIPS, "clips")
        with services.database.read() as tx:
            found = find_clip(tx, clip)
        item = clip_item(found.id)
        shell.note(services, EventKind.CLIPS_LISTED, None, {"count": 1}, {"clips": [found.id]})
        with services.database.read() as tx:
            made = renditions_of(tx, [found.id])[found.id]
            links = links_of_clip(tx, found.id)
            names = names_of_clips(tx, [found.id])[found.id]
            events = history_of(tx, item)
            lines = EntryLines.look_up(tx, shell.language, services.config.zone, events)
        if shell.as_json:
            print_json(
                clip_json(found)
                | {
                    "media": found.media,
                    "renditions": [
                        {"kind": one.kind, "sha256": one.sha256, "size_bytes": one.size_bytes}
                        for one in made
                    ],
                    "links": [
                        {"case": link.case_number, "stage": link.stage.value} for link in links
                    ],
                    "history": [event_json(event) for event in events],
                }
            )
            return
        zone = services.config.zone
        clock = local(found.recorder_clock_at, zone) or shell.word("recorded.no_clock")
        rows = [
            [shell.word("head.id"), found.id],
            [shell.word("head.name"), found.name],
            *(
                [shell.word("head.further_name"), f"{one.name} ({local(one.named_at, zone)})"]
                for one in names
            ),
            [shell.word("head.size"), f"{size_text(found.size_bytes)} ({found.size_bytes})"],
            ["SHA-256", found.sha256],
            ["SM3", found.sm3],
            [shell.word("head.officer"), found.officer or ""],
            [shell.word("head.recorder"), found.recorder or ""],
            [shell.word("head.recorded"), clip_recorded(shell.language, found, zone)],
            *(
                [[shell.word("head.recorder_clock"), clock]]
                if found.recorded_at_source == TimeSource.HAND
                else []
            ),
            [shell.word("head.admitted"), local(found.admitted_at, zone)],
            [shell.word("head.state"), clip_state(shell.language, found)],
        ]
        for link in links:
            stage = say_word(shell.language, "stage", link.stage.value)
            rows.append([shell.word("head.link"), f"{link.case_number} ({stage})"])
        for one in made:
            kind = say_word(shell.language, "rendition", one.kind)
            rows.append([kind, f"{one.sha256} {size_text(one.size_bytes)}"])
        print_table([shell.word("head.field"), shell.word("head.value")], rows)
        click.echo()
        heads = ("index", "at", "kind", "case", "actor", "purpose", "outcome")
        print_table(
            [shell.word(f"head.{name}") for name in heads],
            [lines.cells(event, lines.case_of(event)) for event in events],
        )
