"""A log of admissions and verifications, and statements on samples of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from custody.log.entry import ActorSnapshot, Entry, Json
from custody.log.merkle import hash_leaf
from custody.log.rereads import Rereads
from custody.log.sample import Admitted, Asked, draw, find_admission
from custody.log.sample_statement import ReadClip, SampleStatement, Verdict
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, START, SampleLog

AUDITOR = ActorSnapshot("dora", "auditor", "password", "10.0.0.9")


def entry(
    kind: str, item: str, at: datetime, facts: dict[str, Json], after: bytes | None = None
) -> bytes:
    """An entry, the first of its item or the one ``after`` another."""
    seq = 0 if after is None else Entry.decode(after).item_seq + 1
    prev = None if after is None else hash_leaf(after).hex()
    return Entry(kind, item, seq, prev, at, AUDITOR, "ok", facts, None).encode()


def clip_of(number: int) -> str:
    return f"0193533c-0000-7000-8000-{number:012}"


def admission_of(number: int) -> bytes:
    """Clip ``number``, of so many bytes, admitted on that day."""
    facts: dict[str, Json] = {
        "clip": clip_of(number),
        "sha256": f"{number:064x}",
        "sm3": f"{number:064x}",
        "size_bytes": number,
    }
    at = START + timedelta(days=number)
    return entry("clip.admitted", f"clip:{clip_of(number)}", at, facts)


def run(at: datetime, after: bytes | None = None, **facts: Json) -> bytes:
    """What a verification left on the log."""
    return entry("verification.run", "log", at, {"unchecked": 0, **facts}, after)


def admitted_in(entries: Iterable[bytes], size: int) -> list[Admitted]:
    found = (
        find_admission(Entry.decode(data), index, hash_leaf(data))
        for index, data in enumerate(entries)
        if index < size
    )
    return [one for one in found if one is not None]


def sampled_log() -> list[bytes]:
    """Ten clips; a run of everything read all but two of the first eight, on day 100."""
    entries = [admission_of(number) for number in range(1, 9)]
    unread: list[Json] = [clip_of(2), clip_of(5)]
    at = START + timedelta(days=100)
    entries.append(run(at, scope="everything", tree_size=8, unread=unread))
    entries += [admission_of(number) for number in (9, 10)]
    return entries


def statement_on(
    entries: list[bytes], size: int, *, seed: str = "six", asked: str = "3", **changes: Any
) -> tuple[SampleStatement, list[bytes]]:
    """A true statement on the sample under the first ``size`` entries, and the log with its run."""
    log = SampleLog(entries)
    tree = log.checkpoint(size)
    admitted = admitted_in(entries, size)
    wanted = Asked.parse(asked)
    chosen = draw(admitted, tree.root, seed, wanted.of(len(admitted)))
    made_at = START + timedelta(days=200)
    rereads = Rereads()
    for index, data in enumerate(entries):
        rereads.take(Entry.decode(data), index)
    for clip in chosen:
        rereads.read(clip.clip_id, made_at)
    last = next(data for data in reversed(entries) if Entry.decode(data).item == "log")
    ran = run(
        made_at,
        last,
        scope="sample",
        seed=seed,
        asked=asked,
        per_officer=False,
        drawn_from=size,
        drawn=len(chosen),
        findings_by_code=[],
    )
    clips = tuple(
        ReadClip(one.clip_id, one.index, one.sha256, one.size_bytes, Verdict.HELD) for one in chosen
    )
    statement = SampleStatement(
        origin=ORIGIN,
        checkpoint=log.note(size),
        seed=seed,
        asked=wanted,
        per_officer=False,
        chosen=len(chosen),
        clips=clips,
        findings={},
        unchecked=0,
        log_size=len(entries),
        coverage=rereads.cover(admitted, made_at),
        run=hash_leaf(ran).hex(),
        version="1",
    )
    assert LOG_KEY.name == ORIGIN
    return replace(statement, **changes), [*entries, ran]
