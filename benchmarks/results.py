"""The file of results: a head, and a section for each benchmark, replaced by a newer one."""

from datetime import date

from benchmarks.harness import Section

_MARK = "\n## "


def new_results(today: date, machine: str) -> str:
    """The head of a file without sections."""
    return (
        f"# Benchmarks\n\n`make bench`, {today.isoformat()}: {machine}. "
        "Ratios last longer than absolute figures.\n"
    )


def put_section(text: str, section: Section, today: date) -> str:
    """``text`` with ``section`` in the place of the one of its title, or at the end.

    One that is of another day than the file says so.
    """
    head, *others = text.rstrip("\n").split(_MARK)
    written = section.markdown().removeprefix("## ")
    if today.isoformat() not in head:
        command = f"`{section.command}`"
        written = written.replace(command, f"{command}, {today.isoformat()}", 1)
    titles = [other.partition("\n")[0] for other in others]
    if section.title in titles:
        others[titles.index(section.title)] = written
    else:
        others.append(written)
    return _MARK.join(f"{part.rstrip()}\n" for part in (head, *others))
