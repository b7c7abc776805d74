"""What must hold of a parser whatever bytes it is given; shared by properties and fuzzers.

A check says whether the bytes were accepted. It lets through no error but the documented one, and
asserts that what was accepted is exactly what stands in the bytes, in its one spelling.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.log.canonical import canonical_json, format_time, parse_canonical, parse_time
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.cosignature import CosignatureVerifier, Cosigner, open_cosigned
from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.entry import Entry
from custody.log.errors import LogError, NoteError, PolicyError
from custody.log.merkle import prove_consistency, prove_inclusion, root_of, tree_root
from custody.log.note import NoteSigner, NoteVerifier, open_note, sign_note
from custody.log.plain_json import read_json_object
from custody.log.policy import read_policy
from custody.log.proof import LogProof
from custody.log.receipt import open_receipt, sign_receipt
from custody.log.statement import open_statement
from custody.log.tiles import (
    TileReader,
    bundle_path,
    decode_bundle,
    encode_bundle,
    parse_bundle_path,
    parse_tile_path,
    tile_of,
    tile_path,
)
from custody.log.verify import verify_proof
from custody.log.witness import AddCheckpoint, Seen, WitnessRefusedError, judge, parse_request
from station_agent import wire
from tests.unit.custody.log.samples import (
    LOG_KEY,
    ORIGIN,
    RECEIPT_KEY,
    sample_log,
    sample_receipt,
    signer,
)

Check = Callable[[bytes], bool]

ALICE, BOB = signer("example.com/alice"), signer("example.com/bob")
#: All that alice ever signed.
TEXTS = ("If you think cryptography is the answer.\n", "one\n\n— two\n", "\n", "文\n")
LOG = sample_log(300)
INDEX = 41
RECEIPT = sample_receipt(LOG, INDEX)
PROOF = LogProof(INDEX, tuple(prove_inclusion(INDEX, 300, LOG.reader().read)), LOG.note())
WITNESSES = (
    Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32))),
    Cosigner("witness.example", MLDSA44PrivateKey.from_seed_bytes(bytes(32))),
)
COSIGNED_AT = 1_790_000_000
CHECKPOINTS = {size: LOG.checkpoint(size) for size in (1, 5, 300)}
SEEN = Seen(5, CHECKPOINTS[5].root)

_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"station".ljust(32))
STATION = NoteSigner(wire.station_key_name(_PRIVATE.public_key()), _PRIVATE)
_SEEN_AT = datetime(2026, 11, 22, 1, 21, 38, 123000, tzinfo=UTC)
MANIFEST = wire.Manifest(
    "01939b7e-0000-7000-8000-000000000000",
    STATION.name,
    "/media/TA00716",
    _SEEN_AT,
    10**9,
    "5a" * 32,
    (
        wire.ManifestFile(b"A/\xb3\xc7.mp4", 7, _SEEN_AT),
        wire.ManifestFile("乙.mp4".encode(), 2**53 - 1, _SEEN_AT, "fifo"),
    ),
)
RECEIPT_TITLE = "liuhen receipt v1"
MANIFEST_TITLE = "liuhen manifest v1"


def cosigned_note() -> str:
    """The checkpoint of 300 with both kinds of cosignature."""
    text = CHECKPOINTS[300].encode()
    return LOG.note() + "".join(one.cosign(text, COSIGNED_AT) for one in WITNESSES)


def request(old: int, new: int) -> bytes:
    """What asks a witness that has seen ``old`` entries to cosign ``new``."""

    def read(level: int, index: int) -> bytes:
        return root_of(LOG.leaves[index << level : (index + 1) << level])

    return AddCheckpoint(old, tuple(prove_consistency(old, new, read)), LOG.note(new)).encode()


def text_of(data: bytes) -> str:
    """Bytes as text that somebody may hand to a parser of texts, Unicode or not."""
    return data.decode("utf-8", "surrogateescape")


# --- notes and what they carry -------------------------------------------------------------------


def note(data: bytes) -> bool:
    try:
        opened = open_note(data, [ALICE.verifier])
    except NoteError:
        return False
    assert opened.text in TEXTS
    assert data.startswith((opened.text + "\n").encode())
    return True


def verifier_key(data: bytes) -> bool:
    return _one_spelling(data, NoteVerifier.parse, lambda key: key.vkey)


def signer_key(data: bytes) -> bool:
    return _one_spelling(data, NoteSigner.parse, lambda key: key.secret_text())


def cosigner_key(data: bytes) -> bool:
    return _one_spelling(data, CosignatureVerifier.parse, lambda key: key.vkey)


def cosigner_secret(data: bytes) -> bool:
    return _one_spelling(data, Cosigner.parse, lambda key: key.secret_text())


def checkpoint(data: bytes) -> bool:
    return _one_spelling(data, Checkpoint.parse, lambda found: found.encode())


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


def path_of_tile(data: bytes) -> bool:
    return _one_spelling(data, parse_tile_path, tile_path)


def path_of_bundle(data: bytes) -> bool:
    return _one_spelling(data, parse_bundle_path, lambda found: bundle_path(*found))


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
    if not _one_spelling(data, LogProof.parse, lambda found: found.encode()):
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


# --- single values -------------------------------------------------------------------------------


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


def time(data: bytes) -> bool:
    def write(at: datetime) -> str:
        return format_time(at)

    return _one_spelling(data, parse_time, write)


def base64(data: bytes) -> bool:
    return _one_spelling(data, decode_base64, encode_base64, ValueError)


def decimal(data: bytes) -> bool:
    return _one_spelling(data, parse_decimal, str, ValueError)


def _one_spelling(
    data: bytes,
    parse: Callable[[str], object],
    write: Callable[..., str],
    refusal: type[Exception] = LogError,
) -> bool:
    text = text_of(data)
    try:
        found = parse(text)
    except refusal:
        return False
    assert write(found) == text
    return True
