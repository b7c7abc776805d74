"""What is handed to a court: a case with its recordings and everything that proves them, as a bag.

`plan_bundle` reads rows that were held against the log, `write_bundle` copies into a hidden folder
and checks the bytes, the caller appends `exported_events` and commits, and only then
`Bundle.reveal` gives the bag its name: no bag without its entries.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.bundles.bagit_writer import BagWriter
from custody.bundles.documents import (
    BundlePlan,
    add_documents,
    file_names,
    histories,
    proxy_path,
)
from custody.bundles.timestamps import choose_checkpoint
from custody.cases import clips_of_case, get_case
from custody.clip_rows import require_sound
from custody.clock import Clock
from custody.errors import CustodyError
from custody.events import EventKind, case_item, clip_item
from custody.ledger import Event
from custody.log.canonical import format_time
from custody.log.entry import Json
from custody.renditions import renditions_of
from custody.said import Said, said
from custody.timestamps.authorities import Authority
from custody.verification.findings import VerificationImpossibleError
from custody.verification.fixity import StoredObject
from custody.verification.reports import Report
from custody.verification.run import HeldCase
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

#: Free space asked for beyond the copies themselves, in bytes.
SPARE_BYTES = 64 * 1024 * 1024

Progress = Callable[[int, int], None]


class BundleError(CustodyError):
    """The bag can't be made; nothing of it is left."""


class BundleEmptyError(BundleError):
    """No clip is linked to this case, so there is nothing to hand over; nothing was written."""


class BundleDigestError(BundleError):
    """A stored file is not the one that was admitted; the bag was not made."""


class BundleRefusedError(BundleError):
    """Rows that this bag would rest on disagree with the log; nothing was written."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"findings: {report.finding_count}")
        self.report = report


@dataclass(slots=True)
class Bundle:
    """A finished bag that nobody sees yet. Digests are those of the two manifests, in hex."""

    writer: BagWriter
    plan: BundlePlan
    manifest_sha256: str
    tagmanifest_sha256: str
    payload_bytes: int

    def reveal(self) -> Path:
        """Give the bag its name; after the entry is committed."""
        return self.writer.reveal()

    def discard(self) -> None:
        self.writer.discard()


def require_agreement(held: HeldCase) -> None:
    """Raises `BundleRefusedError` where rows and log disagree, `VerificationImpossibleError` where
    that could not be told."""
    if held.report.findings:
        raise BundleRefusedError(held.report)
    for unchecked in held.report.unchecked:
        raise VerificationImpossibleError(f"{unchecked.subject}: {unchecked.reason}")


def plan_bundle(
    tx: Connection,
    store: ObjectStore,
    held: HeldCase,
    *,
    receipts: Mapping[str, str | None],
    vkeys: Mapping[str, str],
    authorities: Sequence[Authority] = (),
) -> BundlePlan:
    """Gather a case, its clips, their histories and proofs.

    ``vkeys`` are the files of public keys by name (`custody.bundles.keys.vkey_files`). Of the
    ``authorities`` go in what they said of the checkpoint that the proofs lead to.
    ``held`` comes from `hold_case` in the same snapshot ``tx``. Raises as `require_agreement`, and
    `BundleEmptyError`, `CaseNotFoundError`, `CaseAlteredError`, `ClipAlteredError`, `ProofError`,
    `TileError`, `StorageError`.
    """
    require_agreement(held)
    case_id = held.case_id
    case = get_case(tx, case_id)
    linked = clips_of_case(tx, case_id)
    if not linked:
        raise BundleEmptyError(case.number)
    clip_ids = [require_sound(one.clip).id for one in linked]
    made = renditions_of(tx, clip_ids)
    items = [case_item(case_id), *(clip_item(clip_id) for clip_id in clip_ids)]
    stamped = choose_checkpoint(tx, items, authorities)
    return BundlePlan(
        case,
        linked,
        {
            clip_id: rendition
            for clip_id, renditions in made.items()
            for rendition in renditions
            if rendition.kind == "proxy"
        },
        held.objects,
        histories(tx, store, stamped.checkpoint, items),
        receipts,
        stamped,
        vkeys,
    )


def write_bundle(
    store: ObjectStore,
    plan: BundlePlan,
    destination: Path,
    *,
    clock: Clock,
    actor: Actor,
    bureau: str,
    progress: Progress,
) -> Bundle:
    """Copy and hash everything in one read, beside ``destination``, which must be absent or empty.

    Raises `BundleDigestError` naming the clip whose bytes are not what was admitted, `BundleError`
    where there is no room or no right, `StorageError`. Whatever is raised leaves nothing behind.
    """
    try:
        _check_room(destination, plan.total_bytes)
        writer = BagWriter(destination)
    except OSError as error:
        told = error.args[0] if error.args else None
        raise BundleError(told if isinstance(told, Said) else str(error)) from error
    try:
        copier = _Copier(store, writer, progress, plan.total_bytes)
        names = file_names(plan.linked)
        for one in plan.linked:
            clip_id = one.clip.id
            copier.copy(plan.objects[clip_id, None], f"originals/{names[clip_id]}")
            proxy = plan.proxies.get(clip_id)
            if proxy is not None:
                copier.copy(plan.objects[clip_id, "proxy"], proxy_path(names[clip_id], proxy))
        add_documents(writer, plan, names)
        now = clock.now()
        manifest, tagmanifest = writer.finish(
            [
                ("Source-Organization", bureau),
                ("External-Identifier", plan.case.number),
                ("External-Description", plan.case.title),
                ("Bagging-Date", now.date().isoformat()),
                ("Liuhen-Bagged-At", format_time(now)),
                ("Liuhen-Bagged-By", actor.id),
                ("Liuhen-Case", plan.case.id),
            ]
        )
    except OSError as error:
        writer.discard()
        raise BundleError(str(error)) from error
    except BaseException:
        writer.discard()
        raise
    return Bundle(writer, plan, manifest, tagmanifest, writer.payload_bytes)


def exported_events(bundle: Bundle) -> list[Event]:
    """``case.exported`` and on each clip ``clip.exported``, for one transaction.

    The first says which clips went out, all of them by which digest the bag is known again. None
    of them is in the bag: they name its digests, so they come after it.
    """
    case_id = bundle.plan.case.id
    clip_ids = [one.clip.id for one in bundle.plan.linked]
    copied: dict[str, Json] = {"case": case_id, "tagmanifest_sha256": bundle.tagmanifest_sha256}
    where: dict[str, Json] = {
        "destination": str(bundle.writer.destination).encode(errors="replace").decode()
    }
    of_case = copied | {
        "clips": [*clip_ids],
        "payload_bytes": bundle.payload_bytes,
        "manifest_sha256": bundle.manifest_sha256,
    }
    return [
        Event(EventKind.CASE_EXPORTED, case_item(case_id), of_case, where),
        *(Event(EventKind.CLIP_EXPORTED, clip_item(one), copied, where) for one in clip_ids),
    ]


class _Copier:
    def __init__(
        self, store: ObjectStore, writer: BagWriter, progress: Progress, total_bytes: int
    ) -> None:
        self._store = store
        self._writer = writer
        self._progress = progress
        self._total_bytes = total_bytes
        self._done = 0

    def copy(self, logged: StoredObject, path: str) -> None:
        """Copy what the log names and compare it with what the log says; rows have no say here."""
        clip_id, key = logged.clip_id, logged.key
        try:
            found = self._writer.add_stream(path, self._store.open(key), self._count)
        except ObjectNotFoundError as error:
            raise BundleDigestError(f"clip {clip_id}, {key}: it is gone") from error
        if found != logged.sha256:
            raise BundleDigestError(
                f"clip {clip_id}, {key}: expected {logged.sha256}, found {found}"
            )

    def _count(self, read: int) -> None:
        self._done += read
        self._progress(self._done, self._total_bytes)


def _check_room(destination: Path, wanted: int) -> None:
    free = shutil.disk_usage(destination.absolute().parent).free
    if free < wanted + SPARE_BYTES:
        wanted += SPARE_BYTES
        raise BundleError(said("bag_room", path=destination, wanted=wanted, free=free))
