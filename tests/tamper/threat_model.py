"""Writes docs/threat-model.md out of the table of attacks: `make threat-model`."""

from pathlib import Path

from tests.tamper.outsiders import KEPT, MIRROR, STATION, WITNESS
from tests.tamper.threats.every import EVERY, THREATS
from tests.tamper.threats.table import Person, Threat

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
_HERE = "tests/tamper/"

_INTRODUCTION = """\
# Threat model

Made by `make threat-model` out of the table by which the tests in `tests/tamper/` run; another test
fails where this page is older than the table. {attacks} attacks in {rows} rows.

## Who is trusted with what
- **Nobody inside is trusted with the past.** Whoever has the disk, the database or the keys can
  write what he likes today. What was published can't be changed unseen by those who kept something
  of it.
- **The running service is trusted with the present.** An entry is signed by the archive, not by
  whom it names. What the service is made to sign (a made-up pending row, a stolen session, a
  changed program) is in the log like a true entry, and no verification tells them apart. It can't
  be taken back unseen.
- **The publisher is trusted for about a second.** An entry that is removed before it is numbered
  leaves no trace of itself. A change of evidence that has lost its entry is found; that somebody
  only looked is not.
- **A station is trusted with what it saw.** What it never lists, nobody misses. What it lists and
  never sends is missing by name. Its times are kept beside the server's, never in their place.
- **An auditor needs one thing of his own**: a checkpoint, a receipt, a mirror or a cosignature that
  he did not get from the archive today. Without it, whoever has everything inside can show another
  past.

What a verification does not look at stands in
[findings](formats/findings.md#what-verify-does-not-cover).

## How to read the tables
*Found as* is a code of [findings](formats/findings.md), what the archive answers, or the error with
which a program refuses; where it is empty, nothing is refused and nobody misled, or the row says
what tells. Of those outside, {kept} is held against the log by `liuhen verify --against FILE`,
{mirror} is `liuhen log mirror`, {witness} is `liuhen-witness`, {station} is `liuhen-station`. Each
that is named was shown to see it.
"""

_WHO = {
    Person.DISK: "May write and delete every file: objects, the published log, the file of an "
    "SQLite database, what the signer remembers. Has no key.",
    Person.DATABASE: "May run any statement on the rows, and reaches the objects. Has no key.",
    Person.KEYS: "May write everything and sign everything the server signs. Can't write what "
    "others keep, nor sign as a witness or a station.",
    Person.STATION: "Has a station, its key, its journal and the recorders. Has nothing of the "
    "server.",
}


def page() -> str:
    """The whole page."""
    attacks = sum(threat.count for threat in EVERY)
    words = {"kept": KEPT, "mirror": MIRROR, "witness": WITNESS, "station": STATION}
    parts = [_INTRODUCTION.format(attacks=attacks, rows=len(EVERY), **words)]
    for person, threats in THREATS.items():
        parts += [f"\n## {person.value}\n{_WHO[person]}\n\n", "\n".join(_table(threats)) + "\n"]
    return "".join(parts)


def _table(threats: tuple[Threat, ...]) -> list[str]:
    head = ["| what is done | who finds it | found as | test |", "|---|---|---|---|"]
    return head + [
        f"| {threat.deed} | {_found(threat)} | {_codes(threat)} | {_link(threat.test)} |"
        for threat in threats
    ]


def _found(threat: Threat) -> str:
    if not threat.outsiders:
        return threat.found
    *others, last = threat.outsiders
    seen = f"{', '.join(others)} and {last}"
    return f"{threat.found} {seen}"


def _codes(threat: Threat) -> str:
    """Each once, those of outsiders behind those of a verification."""
    found = dict.fromkeys([*threat.codes, *threat.outsiders.values()])
    return ", ".join(f"`{code}`" for code in found).replace("HTTP_", "HTTP ") or "–"


def _link(test: str) -> str:
    file, _, function = test.partition("::")
    path = file if file.startswith("tests/") else _HERE + file
    return f"[{function}](../{path})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
