"""How a run of verification goes, and what it came to."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from custody.log.checkpoint import Checkpoint
from custody.log.rereads import Coverage
from custody.log.sample import Drawn
from custody.log.sample_statement import Verdict
from custody.verification.destroyed import DestroyedDetails
from custody.verification.findings import OF_RENDITIONS, Finding, FindingCode, Unchecked

#: Clips that an entry of a run names, at most.
MAX_NAMED_CLIPS = 1000
#: Findings kept one by one in a report; beyond it only their number is kept, by code.
MAX_FINDINGS = 10_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    ``phase`` is ``database``, ``log``, ``tiles``, ``checkpoints``, ``rows``, ``objects`` or
    ``bytes``.
    """

    phase: str
    done: int
    total: int
    done_bytes: int = 0
    total_bytes: int = 0


@dataclass(slots=True)
class Report:
    """The outcome of a run. Some ``pending`` and ``unpublished`` entries are normal."""

    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    #: Findings beyond `MAX_FINDINGS`, only counted.
    more_findings: int = 0
    #: Findings that say again of the same bytes, by their other digest, that they are others.
    said_again: int = 0
    #: How many each clip has of its own, those beyond `MAX_FINDINGS` too, without `said_again`.
    by_clip: dict[str, int] = field(default_factory=dict)
    #: The same, of those that are about a rendition.
    of_renditions: dict[str, int] = field(default_factory=dict)
    #: How many findings each case has of its own.
    by_case: dict[str, int] = field(default_factory=dict)
    #: How many there are of each code, all of them.
    by_code: dict[str, int] = field(default_factory=dict)
    clips_checked: int = 0
    renditions_checked: int = 0
    bytes_read: int = 0
    entries_checked: int = 0
    #: Entries whose index is not in the checkpoint yet.
    unpublished: int = 0
    #: Entries that have no index yet.
    pending: int = 0
    #: Entries whose details are gone, and the log says why.
    destroyed: DestroyedDetails = field(default_factory=DestroyedDetails)
    #: Objects that nothing explains yet, too young to be a finding.
    young_objects: int = 0
    checkpoint: Checkpoint | None = None
    #: What somebody outside kept, where that was asked for, and whether the log continues it.
    against: Checkpoint | None = None
    continues: bool = False
    #: The clips of a sample, and what reading the original of each showed, by its id.
    sample: Drawn | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    #: Clips of which the original was read, as many as an entry can name and one more.
    read_clips: list[str] = field(default_factory=list)
    #: How far originals were read again, this run included, and by how many entries that is told.
    coverage: Coverage | None = None
    log_size: int = 0
    #: Told each finding that is kept, as it is found, by whichever thread finds it.
    told: Callable[[Finding], None] | None = None
    #: The stored object of which it was said last that its bytes are others.
    _other_bytes: str | None = None

    def add(self, finding: Finding) -> None:
        self.by_code[finding.code] = self.by_code.get(finding.code, 0) + 1
        if finding.code == FindingCode.CLIP_OBJECT_DIGEST:
            self._other_bytes = finding.subject
        again = finding.code == FindingCode.CLIP_SM3 and finding.subject == self._other_bytes
        self.said_again += again
        if finding.clip_id is not None and not again:
            self.by_clip[finding.clip_id] = self.by_clip.get(finding.clip_id, 0) + 1
            if finding.code in OF_RENDITIONS:
                count = self.of_renditions.get(finding.clip_id, 0) + 1
                self.of_renditions[finding.clip_id] = count
        kind, _, case_id = finding.subject.partition(":")
        if kind == "case":
            self.by_case[case_id] = self.by_case.get(case_id, 0) + 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
            if self.told is not None:
                self.told(finding)
        else:
            self.more_findings += 1

    def extend(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.add(finding)

    @property
    def finding_count(self) -> int:
        """How many things are wrong: an original with other bytes is one, though twice listed."""
        return len(self.findings) + self.more_findings - self.said_again

    @property
    def good(self) -> bool:
        """Everything was checked and everything agrees."""
        return not self.findings and not self.unchecked

    def original_held(self, clip_id: str) -> bool:
        """Whether a run that read the bytes found nothing but renditions of this clip wrong.

        Never where something was not checked, or where there is a finding that names no clip: the
        log, from which everything else follows, may be what is wrong.
        """
        if self.sample is not None and clip_id not in self.verdicts:
            return False  # a sample left its bytes alone
        unread = any(one.clip_id in {None, clip_id} for one in self.unchecked)
        unnamed = self.finding_count - sum(self.by_clip.values())
        own = self.by_clip.get(clip_id, 0) - self.of_renditions.get(clip_id, 0)
        return not unread and not unnamed and not own and self.clips_checked > 0

    def as_json(self) -> dict[str, object]:
        """The report for ``--json`` and pages; times and bytes as numbers, digests in hex."""
        return {
            "good": self.good,
            "findings": [asdict(finding) for finding in self.findings],
            "more_findings": self.more_findings,
            "finding_count": self.finding_count,
            "unchecked": [asdict(item) for item in self.unchecked],
            "clips_checked": self.clips_checked,
            "renditions_checked": self.renditions_checked,
            "bytes_read": self.bytes_read,
            "entries_checked": self.entries_checked,
            "unpublished": self.unpublished,
            "pending": self.pending,
            "destroyed_details": self.destroyed.as_json(),
            "young_objects": self.young_objects,
            "against": None
            if self.against is None
            else {
                "size": self.against.size,
                "root": self.against.root.hex(),
                "continues": self.continues,
            },
            "checkpoint": None
            if self.checkpoint is None
            else {
                "origin": self.checkpoint.origin,
                "size": self.checkpoint.size,
                "root": self.checkpoint.root.hex(),
            },
        }
