"""What is handed to a court: a case with its recordings and everything that proves them, as a bag.

`plan_bundle` reads rows, `write_bundle` copies and checks bytes into a hidden folder, the caller
appends `exported_event` and commits, and only then `Bundle.reveal` gives the bag its name: no bag
without its entry.
"""

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.bagit_writer import BagWriter, safe_name
from custody.bundle_readme import readme
from custody.cases import Case, LinkedClip, case_details, clips_of_case, get_case
from custody.clips import Clip, admitted_facts
from custody.clock import Clock
from custody.errors import CustodyError
from custody.events import EventKind, case_item, clip_item
from custody.ledger import Event
from custody.log.canonical import format_time
from custody.log.entry import Json
from custody.published import PublishedCheckpoint, newest_checkpoint, prove_entry
from custody.renditions import Rendition, renditions_of
from custody.tables import log_entries
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

#: Free space asked for beyond the copies themselves, in bytes.
SPARE_BYTES = 64 * 1024 * 1024

Progress = Callable[[int, int], None]


class BundleError(CustodyError):
    """The bag can't be made; nothing of it is left."""


class BundleDigestError(BundleError):
    """A stored file is not the one that was admitted; the bag was not made."""


@dataclass(frozen=True, slots=True)
class BundlePlan:
    """All that goes into a bag but the bytes. ``receipts`` by clip id; None: not issued yet."""

    case: Case
    linked: list[LinkedClip]
    proxies: dict[str, Rendition]
    history: dict[str, list[dict[str, Any]]]
    receipts: Mapping[str, str | None]
    checkpoint: PublishedCheckpoint | None
    log_vkey: str
    receipts_vkey: str

    @property
    def total_bytes(self) -> int:
        originals = sum(one.clip.size_bytes for one in self.linked)
        return originals + sum(one.size_bytes for one in self.proxies.values())


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


def plan_bundle(
    tx: Connection,
    store: ObjectStore,
    case_id: str,
    *,
    receipts: Mapping[str, str | None],
    log_vkey: str,
    receipts_vkey: str,
) -> BundlePlan:
    """Gather a case, its clips, their histories and proofs.

    Raises `CaseNotFoundError`, `ProofError`, `TileError`, `StorageError`.
    """
    case = get_case(tx, case_id)
    linked = clips_of_case(tx, case_id)
    clip_ids = [one.clip.id for one in linked]
    made = renditions_of(tx, clip_ids)
    checkpoint = newest_checkpoint(tx)
    items = [case_item(case_id), *(clip_item(clip_id) for clip_id in clip_ids)]
    return BundlePlan(
        case,
        linked,
        {
            clip_id: rendition
            for clip_id, renditions in made.items()
            for rendition in renditions
            if rendition.kind == "proxy"
        },
        _histories(tx, store, checkpoint, items),
        receipts,
        checkpoint,
        log_vkey,
        receipts_vkey,
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
        raise BundleError(str(error)) from error
    try:
        copier = _Copier(store, writer, progress, plan.total_bytes)
        names = _names(plan.linked)
        for one in plan.linked:
            copier.copy_original(one.clip, f"originals/{names[one.clip.id]}")
            proxy = plan.proxies.get(one.clip.id)
            if proxy is not None:
                stem = names[one.clip.id].rpartition(".")[0] or names[one.clip.id]
                copier.copy_proxy(one.clip, proxy, f"proxies/{stem}.mp4")
        _add_documents(writer, plan, names)
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


def exported_event(bundle: Bundle) -> Event:
    """``case.exported``: which clips went out, and the digests by which the bag is known again."""
    clip_ids: list[Json] = [one.clip.id for one in bundle.plan.linked]
    return Event(
        EventKind.CASE_EXPORTED,
        case_item(bundle.plan.case.id),
        facts={
            "case": bundle.plan.case.id,
            "clips": clip_ids,
            "payload_bytes": bundle.payload_bytes,
            "manifest_sha256": bundle.manifest_sha256,
            "tagmanifest_sha256": bundle.tagmanifest_sha256,
        },
        details={"destination": str(bundle.writer.destination).encode(errors="replace").decode()},
    )


class _Copier:
    def __init__(
        self, store: ObjectStore, writer: BagWriter, progress: Progress, total_bytes: int
    ) -> None:
        self._store = store
        self._writer = writer
        self._progress = progress
        self._total_bytes = total_bytes
        self._done = 0

    def copy_original(self, clip: Clip, path: str) -> None:
        self._copy(clip, clip.object_key, clip.sha256, path)

    def copy_proxy(self, clip: Clip, proxy: Rendition, path: str) -> None:
        self._copy(clip, proxy.object_key, proxy.sha256, path)

    def _copy(self, clip: Clip, key: str, expected: str, path: str) -> None:
        try:
            found = self._writer.add_stream(path, self._store.open(key), self._count)
        except ObjectNotFoundError as error:
            raise BundleDigestError(f"clip {clip.id}, {key}: it is gone") from error
        if found != expected:
            raise BundleDigestError(f"clip {clip.id}, {key}: expected {expected}, found {found}")

    def _count(self, read: int) -> None:
        self._done += read
        self._progress(self._done, self._total_bytes)


def _names(linked: list[LinkedClip]) -> dict[str, str]:
    """For each clip its number in the bag and its name made safe; numbers keep them apart."""
    return {
        one.clip.id: f"{number:03}-{safe_name(one.clip.name)}"
        for number, one in enumerate(linked, 1)
    }


def _add_documents(writer: BagWriter, plan: BundlePlan, names: dict[str, str]) -> None:
    case = plan.case
    stages = {one.clip.id: one for one in plan.linked}
    about: dict[str, Any] = {"id": case.id, "procedure": case.procedure} | case_details(case)
    about["clips"] = [_clip_json(one, plan, names) for one in plan.linked]
    about["history"] = plan.history[case_item(case.id)]
    writer.add_bytes("case.json", _json(about))
    for clip_id, one in stages.items():
        document = _clip_json(one, plan, names) | {
            "history": plan.history[clip_item(clip_id)],
            "receipt": plan.receipts.get(clip_id),
        }
        writer.add_bytes(f"custody/{clip_id}.json", _json(document))
        receipt = plan.receipts.get(clip_id)
        if receipt is not None:
            writer.add_bytes(f"receipts/{clip_id}.txt", receipt.encode())
    if plan.checkpoint is not None:
        writer.add_bytes("log/checkpoint", plan.checkpoint.note.encode())
    writer.add_bytes("log/log.vkey", f"{plan.log_vkey}\n".encode())
    writer.add_bytes("log/receipts.vkey", f"{plan.receipts_vkey}\n".encode())
    writer.add_bytes("README.txt", readme(case.number).encode())


def _clip_json(one: LinkedClip, plan: BundlePlan, names: dict[str, str]) -> dict[str, Any]:
    clip = one.clip
    proxy = plan.proxies.get(clip.id)
    return admitted_facts(clip) | {
        "file": f"originals/{names[clip.id]}",
        "name": clip.name,
        "name_raw": base64.b64encode(clip.name_raw).decode(),
        "stage": one.stage.value,
        "officer": clip.officer,
        "recorder": clip.recorder,
        "recorded_at": None if clip.recorded_at is None else format_time(clip.recorded_at),
        "admitted_at": format_time(clip.admitted_at),
        "state": clip.state,
        "reason": clip.reason,
        "proxy_sha256": None if proxy is None else proxy.sha256,
    }


def _histories(
    tx: Connection, store: ObjectStore, checkpoint: PublishedCheckpoint | None, items: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Each item's entries as bytes, with what they commit to and the proof of each."""
    found: dict[str, list[dict[str, Any]]] = {item: [] for item in items}
    rows = tx.execute(
        sa.select(log_entries)
        .where(log_entries.c.item.in_(items))
        .order_by(log_entries.c.item, log_entries.c.item_seq)
    )
    for row in rows:
        published = checkpoint is not None and row.idx is not None and row.idx < checkpoint.size
        proof = prove_entry(store, checkpoint, row.idx) if checkpoint and published else None
        found[row.item].append(
            {
                "index": row.idx,
                "kind": row.kind,
                "at": format_time(row.at),
                "entry": base64.b64encode(bytes(row.entry)).decode(),
                "leaf_hash": bytes(row.leaf_hash).hex(),
                "details": None if row.details is None else json.loads(row.details),
                "salt": None if row.salt is None else base64.b64encode(bytes(row.salt)).decode(),
                "tree_size": checkpoint.size if checkpoint and published else None,
                "proof": None if proof is None else [one.hex() for one in proof],
            }
        )
    return found


def _check_room(destination: Path, wanted: int) -> None:
    free = shutil.disk_usage(destination.absolute().parent).free
    if free < wanted + SPARE_BYTES:
        raise BundleError(
            f"{destination}: {wanted + SPARE_BYTES} bytes are needed, {free} are free"
        )


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
