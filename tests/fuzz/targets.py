"""Every parser of what comes from outside, with true bytes to begin from."""

import json
from dataclasses import dataclass

from custody.log.canonical import canonical_json
from custody.log.checkpoint import MAX_CHECKPOINT_BYTES
from custody.log.entry import MAX_ENTRY_BYTES
from custody.log.note import MAX_NOTE_BYTES, sign_note
from custody.log.policy import MAX_POLICY_BYTES
from custody.log.proof import MAX_PROOF_BYTES
from custody.log.receipt import MAX_RECEIPT_BYTES, sign_receipt
from custody.log.sample_statement import MAX_STATEMENT_BYTES, sign_sample_statement
from custody.log.tiles import WIDTH
from custody.log.witness import MAX_REQUEST_BYTES
from custody.publishing.signer_protocol import MAX_REQUEST_BYTES as MAX_SIGNER_REQUEST_BYTES
from custody.publishing.signer_protocol import SignerRequest
from station_agent.wire import MAX_MANIFEST_BYTES, sign_manifest
from tests.fuzz import checks, known, spellings
from tests.fuzz.checks import Check
from tests.fuzz.known import ALICE, BOB, CHECKPOINTS, LOG, RECEIPT, STATION, TEXTS, WITNESSES
from tests.unit.custody.log.samples import LOG_KEY, RECEIPT_KEY

_MANIFEST = sign_manifest(known.MANIFEST, STATION)
_POLICY = (
    f"# who counts\nlog {LOG_KEY.verifier.vkey} https://log.example/\n"
    f"witness one {WITNESSES[0].verifier.vkey}\n"
    f"witness two {WITNESSES[1].verifier.vkey} https://two.example/\n"
    "group both all one two\nquorum both\n"
)


@dataclass(frozen=True)
class Target:
    """``seeds`` are accepted; nothing longer than ``most`` bytes is, where that is declared."""

    name: str
    check: Check
    seeds: tuple[bytes, ...]
    most: int | None = None


def _body(note: str) -> bytes:
    return note.split("\n")[1].encode()


TARGETS: tuple[Target, ...] = (
    Target(
        "note",
        checks.note,
        (
            *(sign_note(text, [ALICE]).encode() for text in TEXTS),
            sign_note(TEXTS[0], [BOB, ALICE]).encode(),
        ),
        MAX_NOTE_BYTES,
    ),
    Target("verifier_key", spellings.verifier_key, (ALICE.verifier.vkey.encode(),)),
    Target("signer_key", spellings.signer_key, (ALICE.secret_text().encode(),)),
    Target(
        "cosigner_key",
        spellings.cosigner_key,
        tuple(one.verifier.vkey.encode() for one in WITNESSES),
    ),
    Target(
        "cosigner_secret",
        spellings.cosigner_secret,
        tuple(one.secret_text().encode() for one in WITNESSES),
    ),
    Target(
        "checkpoint",
        spellings.checkpoint,
        (CHECKPOINTS[300].encode().encode(), CHECKPOINTS[1].encode().encode() + b"more\n"),
    ),
    Target("checkpoint_note", checks.checkpoint_note, (LOG.note().encode(),), MAX_CHECKPOINT_BYTES),
    Target("cosigned", checks.cosigned, (known.cosigned_note().encode(),), MAX_CHECKPOINT_BYTES),
    Target("policy", checks.policy, (_POLICY.encode(), b"quorum none\n"), MAX_POLICY_BYTES),
    Target("statement_body", checks.statement_body, (b'{"a":[1,null,"x"]}', _body(_MANIFEST))),
    Target(
        "receipt_note",
        checks.receipt_note,
        (sign_receipt(RECEIPT, RECEIPT_KEY).encode(),),
        MAX_RECEIPT_BYTES,
    ),
    Target(
        "receipt_body",
        checks.receipt_body,
        (_body(sign_receipt(RECEIPT, RECEIPT_KEY)),),
        MAX_RECEIPT_BYTES,
    ),
    Target(
        "sample_note",
        checks.sample_note,
        (sign_sample_statement(known.SAMPLE, RECEIPT_KEY).encode(),),
        MAX_STATEMENT_BYTES,
    ),
    Target(
        "sample_body",
        checks.sample_body,
        (_body(sign_sample_statement(known.SAMPLE, RECEIPT_KEY)),),
        MAX_STATEMENT_BYTES,
    ),
    Target("manifest_note", checks.manifest_note, (_MANIFEST.encode(),), MAX_MANIFEST_BYTES),
    Target("manifest_body", checks.manifest_body, (_body(_MANIFEST),), MAX_MANIFEST_BYTES),
    Target("tile_path", spellings.path_of_tile, (b"tile/0/000", b"tile/7/x001/x067/002.p/255")),
    Target(
        "bundle_path",
        spellings.path_of_bundle,
        (b"tile/entries/000", b"tile/entries/x001/067.p/9"),
    ),
    Target("tile", checks.tile, (LOG.files["tile/0/000"],), 32 * WIDTH),
    Target(
        "bundle",
        checks.bundle,
        (b"\0\0", LOG.files["tile/entries/001.p/44"]),
        WIDTH * (2 + MAX_ENTRY_BYTES),
    ),
    Target("served_entry", checks.served_entry, (LOG.files["tile/entries/000"],)),
    Target("proof", checks.proof, (known.PROOF.encode().encode(),), 4 * MAX_PROOF_BYTES),
    Target(
        "witness_request",
        checks.witness_request,
        (known.request(5, 300), known.request(5, 5)),
        MAX_REQUEST_BYTES,
    ),
    Target(
        "signer_request",
        checks.signer_request,
        tuple(SignerRequest((), CHECKPOINTS[size].encode()).encode() for size in (1, 300)),
        MAX_SIGNER_REQUEST_BYTES,
    ),
    Target("entry", checks.entry, (LOG.entries[0], LOG.entries[known.INDEX]), MAX_ENTRY_BYTES),
    Target(
        "canonical",
        checks.canonical,
        (canonical_json({"a": [1, None, True, "文\n"], "b": {"c": -1}}), b"[]"),
    ),
    Target("json_object", checks.json_object, (json.dumps({"a": [1.5, None]}).encode(),)),
    Target("time", spellings.time, (b"2026-11-22T09:21:38.123Z", b"0002-01-01T00:00:00.000Z")),
    Target("base64", spellings.base64, (b"AAEC", b"/+8=", b"")),
    Target("asked", spellings.asked, (b"200", b"5%", b"0.125%")),
    Target("decimal", spellings.decimal, (b"0", b"9007199254740991")),
)
BY_NAME: dict[str, Target] = {target.name: target for target in TARGETS}
