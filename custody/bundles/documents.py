"""What stands in a bag beside the recordings: the case, custody histories with proofs, keys."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from custody.bundles.bagit_writer import BagWriter, safe_name
from custody.bundles.readme import readme
from custody.bundles.timestamps import StampedCheckpoint, add_timestamps
from custody.cases import Case, LinkedClip, case_details
from custody.clips import admitted_facts
from custody.details.explained import Explanations
from custody.details.logged import explanations_at
from custody.events import case_item, clip_item
from custody.log.canonical import format_time
from custody.publishing.published import PublishedCheckpoint, prove_entry
from custody.renditions import Rendition
from custody.tables import log_entries
from custody.verification.fixity import StoredObject
from storage.objects import ObjectStore

#: How the file of a proxy ends, by its media type: whoever opens it goes by that.
_ENDINGS = {"video/mp4": "mp4", "audio/mp4": "m4a", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class BundlePlan:
    """All that goes into a bag but the bytes. ``receipts`` by clip id; None: not issued yet.

    ``objects`` is what the log says of the bytes, by clip and kind of rendition (None: original).
    """

    case: Case
    linked: list[LinkedClip]
    proxies: dict[str, Rendition]
    objects: Mapping[tuple[str, str | None], StoredObject]
    history: dict[str, list[dict[str, Any]]]
    receipts: Mapping[str, str | None]
    stamped: StampedCheckpoint
    vkeys: Mapping[str, str]

    @property
    def total_bytes(self) -> int:
        originals = sum(one.clip.size_bytes for one in self.linked)
        return originals + sum(one.size_bytes for one in self.proxies.values())


def file_names(linked: list[LinkedClip]) -> dict[str, str]:
    """For each clip its number in the bag and its name made safe; numbers keep them apart."""
    return {
        one.clip.id: f"{number:03}-{safe_name(one.clip.name)}"
        for number, one in enumerate(linked, 1)
    }


def proxy_path(name: str, proxy: Rendition) -> str:
    """Where in the bag the proxy of the original called ``name`` lies."""
    stem = name.rpartition(".")[0] or name
    return f"proxies/{stem}.{_ENDINGS.get(proxy.media_type, 'bin')}"


def add_documents(writer: BagWriter, plan: BundlePlan, names: dict[str, str]) -> None:
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
    checkpoint = plan.stamped.checkpoint
    if checkpoint is not None:
        writer.add_bytes("log/checkpoint", checkpoint.note.encode())
    add_timestamps(writer, plan.stamped)
    for name, vkey in plan.vkeys.items():
        writer.add_bytes(f"log/{name}", f"{vkey}\n".encode())
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
        "recorded_at": _time(clip.recorded_at),
        "recorded_at_source": clip.recorded_at_source,
        "recorder_clock_at": _time(clip.recorder_clock_at),
        "admitted_at": format_time(clip.admitted_at),
        "state": clip.state,
        "reason": clip.reason,
        "proxy": None if proxy is None else proxy_path(names[clip.id], proxy),
        "proxy_sha256": None if proxy is None else proxy.sha256,
    }


def histories(
    tx: Connection, store: ObjectStore, checkpoint: PublishedCheckpoint | None, items: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Each item's entries as bytes, with what they commit to and the proof of each."""
    found: dict[str, list[dict[str, Any]]] = {item: [] for item in items}
    rows = tx.execute(
        sa.select(log_entries)
        .where(log_entries.c.item.in_(items))
        .order_by(log_entries.c.item, log_entries.c.item_seq)
    )
    listed = rows.all()
    said = {row.details_destroyed_under for row in listed} - {None}
    explanations = explanations_at(tx, said) if said else Explanations()
    for row in listed:
        gone = explanations.explained(row.idx, row.kind, row.at) if row.idx is not None else None
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
                "details_destroyed": None if gone is None else gone.as_json(),
                "tree_size": checkpoint.size if checkpoint and published else None,
                "proof": None if proof is None else [one.hex() for one in proof],
            }
        )
    return found


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
