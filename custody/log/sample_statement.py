"""The archive's signed word on a sample that it read again (docs/formats/statements.md).

Who opens one needs two public keys; that the sample is the one its seed picks, and what was read
before, takes the entries of the log as well: `custody.outside.samples`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from custody.log import forms
from custody.log.canonical import Json, format_time
from custody.log.checkpoint import Checkpoint, LogTrust, open_checkpoint
from custody.log.errors import EntryError, SampleError
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.rereads import Coverage, OldestClip
from custody.log.sample import MAX_SAMPLE, MAX_SEED, Asked, check_seed
from custody.log.statement import open_statement, sign_statement

TITLE = "liuhen sample v1"
MAX_STATEMENT_BYTES = 1 << 25
#: Commas and opening brackets: six for each clip, and room for the rest.
MAX_STATEMENT_MARKS = 1_000_000
#: Kinds of findings that one statement names.
MAX_CODES = 1000

_KEYS = frozenset(
    (
        "origin",
        "checkpoint",
        "seed",
        "asked",
        "per_officer",
        "population",
        "population_bytes",
        "chosen",
        "clips",
        "findings",
        "unchecked",
        "log_size",
        "coverage",
        "run",
        "made_at",
        "version",
    )
)
_CLIP_KEYS = frozenset({"clip_id", "index", "sha256", "size_bytes", "verdict"})
_COVERAGE_KEYS = frozenset({"ever_clips", "ever_bytes", "year_clips", "year_bytes", "oldest"})
_OLDEST_KEYS = frozenset({"clip_id", "index", "admitted_at", "age_days"})


class Verdict(StrEnum):
    """What reading one original showed: it is as admitted, it is not, it could not be read."""

    HELD = "held"
    FAILED = "failed"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class ReadClip:
    """One original of the sample: what its entry says of it, and what reading it showed."""

    clip_id: str
    index: int
    sha256: str
    size_bytes: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SampleStatement:
    """What was asked, what was read and found, and how far the archive was read again by then.

    ``checkpoint`` is the signed note that the sample was drawn under, ``coverage`` of all clips
    under it. The first ``chosen`` of ``clips`` are those the seed picks, lowest rank first; the
    others were added, each for an officer who had none. ``findings`` counts by code all that the
    run found, ``unchecked`` what it could not check. What was read before is as the first
    ``log_size`` entries tell it. ``run`` is
    the leaf hash (hex) of the run's own entry, None where it has none.
    """

    origin: str
    checkpoint: str
    seed: str
    asked: Asked
    per_officer: bool
    chosen: int
    clips: tuple[ReadClip, ...]
    findings: Mapping[str, int]
    unchecked: int
    log_size: int
    coverage: Coverage
    run: str | None
    version: str

    @property
    def good(self) -> bool:
        """Nothing was found and nothing left unchecked."""
        return not self.findings and not self.unchecked


def sign_sample_statement(statement: SampleStatement, signer: NoteSigner) -> str:
    """The signed statement. Raises `LogError` if it breaks its form."""
    coverage, oldest = statement.coverage, statement.coverage.oldest
    value: dict[str, Json] = {
        "origin": statement.origin,
        "checkpoint": statement.checkpoint,
        "seed": statement.seed,
        "asked": str(statement.asked),
        "per_officer": statement.per_officer,
        "population": coverage.clips,
        "population_bytes": coverage.bytes,
        "chosen": statement.chosen,
        "clips": [
            {
                "clip_id": clip.clip_id,
                "index": clip.index,
                "sha256": clip.sha256,
                "size_bytes": clip.size_bytes,
                "verdict": str(clip.verdict),
            }
            for clip in statement.clips
        ],
        "findings": dict(statement.findings),
        "unchecked": statement.unchecked,
        "log_size": statement.log_size,
        "coverage": {
            "ever_clips": coverage.ever_clips,
            "ever_bytes": coverage.ever_bytes,
            "year_clips": coverage.year_clips,
            "year_bytes": coverage.year_bytes,
            "oldest": None
            if oldest is None
            else {
                "clip_id": oldest.clip_id,
                "index": oldest.index,
                "admitted_at": format_time(oldest.admitted_at),
                "age_days": oldest.age_days,
            },
        },
        "run": statement.run,
        "made_at": format_time(coverage.at),
        "version": statement.version,
    }
    _read(value)
    return sign_statement(
        TITLE, value, signer, max_bytes=MAX_STATEMENT_BYTES, max_marks=MAX_STATEMENT_MARKS
    )


def open_sample_statement(
    note: str | bytes,
    statement_verifier: NoteVerifier | Sequence[NoteVerifier],
    log_verifier: NoteVerifier | LogTrust,
) -> tuple[SampleStatement, Checkpoint]:
    """The statement, and the tree it was drawn under; if all holds that takes no entries to tell.

    Raises `LogError`.
    """
    # 1. The archive's key for statements has signed it.
    value = open_statement(
        note,
        TITLE,
        statement_verifier,
        max_bytes=MAX_STATEMENT_BYTES,
        max_marks=MAX_STATEMENT_MARKS,
    )
    # 2. It is a statement about a sample, in the one form there is.
    statement = _read(value)
    # 3. The log's key has signed the checkpoint, and it is of the log the statement names.
    tree = open_checkpoint(statement.checkpoint, log_verifier)
    if tree.origin != statement.origin:
        raise SampleError(f"of log {statement.origin[:80]!r}, checkpoint of {tree.origin}")
    # 4. Everything it speaks of lies under that checkpoint.
    oldest = statement.coverage.oldest
    named = [clip.index for clip in statement.clips] + ([] if oldest is None else [oldest.index])
    if any(index >= tree.size for index in named) or statement.coverage.clips > tree.size:
        raise SampleError("a clip that is not under its checkpoint")
    if statement.log_size < tree.size:
        raise SampleError("it speaks of a smaller log than it was drawn under")
    return statement, tree


def _read(stated: Json) -> SampleStatement:
    # 1. Exactly these keys, each of its form and within its bounds.
    value = forms.fields_of(stated, _KEYS)
    per_officer, findings = value["per_officer"], value["findings"]
    if not isinstance(per_officer, bool):
        raise EntryError("true or false expected")
    if not isinstance(findings, dict) or len(findings) > MAX_CODES:
        raise EntryError("findings are an object")
    statement = SampleStatement(
        origin=forms.text_of(value["origin"], 255),
        checkpoint=forms.text_of(value["checkpoint"], MAX_STATEMENT_BYTES),
        seed=check_seed(forms.text_of(value["seed"], MAX_SEED)),
        asked=Asked.parse(forms.text_of(value["asked"], 16)),
        per_officer=per_officer,
        chosen=forms.count_of(value["chosen"]),
        clips=tuple(_clip(one) for one in forms.list_of(value["clips"], MAX_SAMPLE)),
        findings={forms.id_of(code): _some(count) for code, count in findings.items()},
        unchecked=forms.count_of(value["unchecked"]),
        log_size=forms.count_of(value["log_size"]),
        coverage=_coverage(value),
        run=None if value["run"] is None else forms.digest_of(value["run"]),
        version=forms.text_of(value["version"], 64),
    )
    # 2. Its numbers agree with one another.
    covered = statement.coverage
    if statement.chosen != statement.asked.of(covered.clips):
        raise SampleError("another number than was asked for")
    more = len(statement.clips) - statement.chosen
    if more < 0 or (more and not per_officer) or len(statement.clips) > covered.clips:
        raise SampleError("another number of clips than were chosen")
    if len({clip.clip_id for clip in statement.clips}) != len(statement.clips):
        raise SampleError("a clip that is named twice")
    if not (
        covered.year_clips <= covered.ever_clips <= covered.clips
        and covered.year_bytes <= covered.ever_bytes <= covered.bytes
    ):
        raise SampleError("more was read again than there is")
    if (covered.oldest is None) != (covered.ever_clips == covered.clips):
        raise SampleError("a clip that was never read again, or none")
    # 3. What it says of its clips it says of the run.
    if not statement.findings and any(one.verdict == Verdict.FAILED for one in statement.clips):
        raise SampleError("a clip that failed without a finding")
    if sum(one.verdict == Verdict.UNREAD for one in statement.clips) > statement.unchecked:
        raise SampleError("more clips unread than were unchecked")
    return statement


def _clip(stated: Json) -> ReadClip:
    value = forms.fields_of(stated, _CLIP_KEYS)
    try:
        verdict = Verdict(forms.text_of(value["verdict"], 16))
    except ValueError as error:
        raise EntryError("no verdict") from error
    return ReadClip(
        forms.id_of(value["clip_id"]),
        forms.count_of(value["index"]),
        forms.digest_of(value["sha256"]),
        forms.count_of(value["size_bytes"]),
        verdict,
    )


def _coverage(value: dict[str, Json]) -> Coverage:
    stated = forms.fields_of(value["coverage"], _COVERAGE_KEYS)
    oldest = None
    if stated["oldest"] is not None:
        of_clip = forms.fields_of(stated["oldest"], _OLDEST_KEYS)
        oldest = OldestClip(
            forms.id_of(of_clip["clip_id"]),
            forms.count_of(of_clip["index"]),
            forms.time_of(of_clip["admitted_at"]),
            forms.count_of(of_clip["age_days"]),
        )
    return Coverage(
        at=forms.time_of(value["made_at"]),
        clips=forms.count_of(value["population"]),
        bytes=forms.count_of(value["population_bytes"]),
        ever_clips=forms.count_of(stated["ever_clips"]),
        ever_bytes=forms.count_of(stated["ever_bytes"]),
        year_clips=forms.count_of(stated["year_clips"]),
        year_bytes=forms.count_of(stated["year_bytes"]),
        oldest=oldest,
    )


def _some(value: Json) -> int:
    count = forms.count_of(value)
    if not count:
        raise EntryError("a count from 1 on expected")
    return count
