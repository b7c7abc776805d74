"""What must hold of a parser whatever bytes it is given; shared by properties and fuzzers.

A check says whether the bytes were accepted. It lets through no error but the documented one, and
asserts that what was accepted is exactly what stands in the bytes, in its one spelling.
"""

from collections.abc import Callable
from http import HTTPStatus

from custody.log.canonical import canonical_json, parse_canonical
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.cosignature import open_cosigned
from custody.log.entry import Entry
from custody.log.errors import LogError, NoteError, PolicyError
from custody.log.merkle import tree_root
from custody.log.note import NoteSigner, open_note, sign_note
from custody.log.plain_json import read_json_object
from custody.log.policy import read_policy
from custody.log.proof import LogProof
from custody.log.receipt import open_receipt, sign_receipt
from custody.log.sample_statement import open_sample_statement, sign_sample_statement
from custody.log.statement import open_statement
from custody.log.tiles import (
    TileReader,
    decode_bundle,
    encode_bundle,
    tile_of,
)
from custody.log.verify import verify_proof
from custody.log.witness import WitnessRefusedError, judge, parse_request
from custody.publishing.signer_protocol import SIGN, SignerRequest, SignerRequestError
from station_agent import wire
from tests.fuzz.known import (
    ALICE,
    CHECKPOINTS,
    COSIGNED_AT,
    DESK,
    INDEX,
    LOG,
    MANIFEST,
    MANIFEST_TITLE,
    PROOF,
    RECEIPT,
    RECEIPT_TITLE,
    SAMPLE,
    SAMPLE_TITLE,
    SEEN,
    STATION,
    TEXTS,
    WITNESSES,
)
from tests.fuzz.spellings import one_spelling, text_of
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, RECEIPT_KEY

Check = Callable[[bytes], bool]


# --- notes and what they carry -------------------------------------------------------------------


def note(data: bytes) -> bool:
    try:
        opened = open_note(data, [ALICE.verifier])
    except NoteError:
        return False
    assert opened.text in TEXTS
    assert data.startswith((opened.text + "\n").encode())
    return True


def checkpoint_note(data: bytes) -> bool:
    try:
        found = open_checkpoint(data, LOG_KEY.verifier)
    except NoteError:
        return False
    assert found == CHECKPOINTS[300]
    return True


def cosigned(data: bytes) -> bool:
    try:
        found, cosignatures = open_cosigned(
            data, LOG_KEY.verifier, [one.verifier for one in WITNESSES]
        )
    except NoteError:
        return False
    assert found == CHECKPOINTS[300]
    assert {one.timestamp for one in cosignatures} <= {COSIGNED_AT}
    return True


def policy(data: bytes) -> bool:
    try:
        found = read_policy(data)
    except PolicyError:
        return False
    assert found == read_policy(data)
    assert found.is_met([]) == (found.quorum is None)
    return True


def signer_request(data: bytes) -> bool:
    """Read as it was written; and whatever it asks for, only the true tree is signed."""
    reply = DESK.reply(SIGN, data)
    try:
        request = SignerRequest.parse(data)
    except SignerRequestError:
        assert reply.status == HTTPStatus.BAD_REQUEST
        return False
    assert request.encode() == data
    if reply.status == HTTPStatus.OK:
        size = Checkpoint.parse(request.checkpoint).size
        assert request.checkpoint == LOG.checkpoint(size).encode()
        assert reply.text == LOG.note(size)
    return True


def statement_body(data: bytes) -> bool:
    """As if the key had signed whatever stands there."""
    signed = _signed("title", data, ALICE)
    try:
        value = open_statement(signed, "title", ALICE.verifier, max_bytes=1 << 20)
    except LogError:
        return False
    assert canonical_json(value) == data  # type: ignore[arg-type]
    return True


def receipt_note(data: bytes) -> bool:
    try:
        found = open_receipt(data, RECEIPT_KEY.verifier, LOG_KEY.verifier)
    except LogError:
        return False
    assert found == RECEIPT
    return True


def receipt_body(data: bytes) -> bool:
    """As if the archive had signed it: still of a clip that is in the log, and nothing more."""
    signed = _signed(RECEIPT_TITLE, data, RECEIPT_KEY)
    try:
        found = open_receipt(signed, RECEIPT_KEY.verifier, LOG_KEY.verifier)
    except LogError:
        return False
    assert (found.clip_id, found.sha256, found.sm3, found.size_bytes) == (
        RECEIPT.clip_id,
        RECEIPT.sha256,
        RECEIPT.sm3,
        RECEIPT.size_bytes,
    )
    assert (found.index, found.entry, found.details) == (INDEX, RECEIPT.entry, RECEIPT.details)
    assert sign_receipt(found, RECEIPT_KEY) == signed
    return True


def sample_note(data: bytes) -> bool:
    try:
        found = open_sample_statement(data, RECEIPT_KEY.verifier, LOG_KEY.verifier)[0]
    except LogError:
        return False
    assert found == SAMPLE
    return True


def sample_body(data: bytes) -> bool:
    """As if the archive had signed it: of no more clips than there are, each under its tree."""
    signed = _signed(SAMPLE_TITLE, data, RECEIPT_KEY)
    try:
        found, tree = open_sample_statement(signed, RECEIPT_KEY.verifier, LOG_KEY.verifier)
    except LogError:
        return False
    assert len(found.clips) <= found.coverage.clips <= tree.size <= found.log_size
    assert all(clip.index < tree.size for clip in found.clips)
    assert sign_sample_statement(found, RECEIPT_KEY) == signed
    return True


def manifest_note(data: bytes) -> bool:
    try:
        found = wire.open_manifest(data, STATION.verifier)
    except LogError:
        return False
    assert found == MANIFEST
    return True


def manifest_body(data: bytes) -> bool:
    """As if the station had signed it."""
    signed = _signed(MANIFEST_TITLE, data, STATION)
    try:
        found = wire.open_manifest(signed, STATION.verifier)
    except LogError:
        return False
    assert wire.sign_manifest(found, STATION) == signed
    return True


def _signed(title: str, data: bytes, key: NoteSigner) -> str:
    """A note over ``title`` and ``data``; one that can't be signed opens under no key."""
    try:
        return sign_note(f"{title}\n{data.decode()}\n", [key])
    except (NoteError, UnicodeDecodeError):
        return ""


# --- the tree ------------------------------------------------------------------------------------


def tile(data: bytes) -> bool:
    """The same bytes at every path: a tile of the tree's edge, and a root over it."""
    reader = TileReader(lambda _: data, 300)
    try:
        hashes = reader.tile(tile_of(300, 0, 1))
        tree_root(300, reader.read)
    except LogError:
        return False
    assert b"".join(hashes) == data[: 44 * 32]
    return True


def bundle(data: bytes) -> bool:
    try:
        entries = decode_bundle(data)
    except LogError:
        return False
    assert encode_bundle(entries) == data
    return True


def served_entry(data: bytes) -> bool:
    """A bundle under true hashes: no other entry comes out of it."""

    def fetch(path: str) -> bytes:
        return data if path.startswith("tile/entries/") else LOG.files[path]

    try:
        found = TileReader(fetch, 300).entry(INDEX)
    except LogError:
        return False
    assert found == LOG.entries[INDEX]
    return True


def proof(data: bytes) -> bool:
    if not one_spelling(data, LogProof.parse, lambda found: found.encode()):
        return False
    found = LogProof.parse(text_of(data))
    try:
        verify_proof(found, LOG.entries[INDEX], LOG_KEY.verifier)
    except LogError:
        return True
    assert (found.index, found.hashes) == (INDEX, PROOF.hashes)
    return True


def witness_request(data: bytes) -> bool:
    try:
        asked, origin = parse_request(data)
        found = judge(asked, origin, {ORIGIN: [LOG_KEY.verifier]}, SEEN)
    except WitnessRefusedError:
        return False
    assert asked.encode() == data
    assert found == CHECKPOINTS[found.size]
    return True


# --- entries and JSON ----------------------------------------------------------------------------


def entry(data: bytes) -> bool:
    try:
        found = Entry.decode(data)
    except LogError:
        return False
    assert found.encode() == data
    return True


def canonical(data: bytes) -> bool:
    try:
        value = parse_canonical(data)
    except LogError:
        return False
    assert canonical_json(value) == data  # type: ignore[arg-type]
    return True


def json_object(data: bytes) -> bool:
    try:
        return isinstance(read_json_object(data), dict)
    except ValueError:
        return False
