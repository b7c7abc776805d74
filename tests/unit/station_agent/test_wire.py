import dataclasses
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.log.canonical import canonical_json, parse_canonical
from custody.log.errors import LogError
from custody.log.note import NoteSigner, sign_note
from station_agent import wire
from station_agent.wire import (
    MAX_PATH_BYTES,
    Manifest,
    ManifestFile,
    challenge_message,
    check_receipt_for,
    open_manifest,
    open_receipt,
    sign_manifest,
    sign_receipt,
    station_key_name,
)
from tests.unit.custody.log.samples import (
    LOG_KEY,
    RECEIPT_KEY,
    SHA256,
    SIZE_BYTES,
    SM3,
    sample_log,
    sample_receipt,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STATION = NoteSigner(station_key_name(PRIVATE.public_key()), PRIVATE)
AT = datetime(2026, 11, 22, 1, 21, 38, 123000, tzinfo=UTC)

FILES = (
    ManifestFile("DCIM/一号.mp4".encode(), 1_234_567, AT),
    ManifestFile("DCIM/二号.mp4".encode("gbk"), 0, AT, "empty"),
    ManifestFile(b"DCIM/new\nline\xff'\".mp4", 5, AT),
)
MANIFEST = Manifest(
    session_id="0193533c-0000-7000-8000-000000000002",
    station=STATION.name,
    source="/media/recorder",
    opened_at=AT,
    free_bytes=123,
    previous_sha256="0f" * 32,
    files=tuple(sorted(FILES, key=lambda file: file.path_b64)),
)
NOTE = sign_manifest(MANIFEST, STATION)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
times = st.datetimes(timezones=st.just(UTC))
counts = st.integers(0, 2**53 - 1)
paths = st.lists(
    st.binary(min_size=1, max_size=12).filter(
        lambda part: not set(part) & set(b"/\x00") and part not in {b".", b".."}
    ),
    min_size=1,
    max_size=3,
).map(b"/".join)
files = st.builds(
    ManifestFile,
    path_b64=paths,
    size_bytes=counts,
    modified_at=times,
    skipped=st.none() | texts,
)
manifests = st.builds(
    Manifest,
    session_id=st.uuids().map(str),
    station=st.just(STATION.name),
    source=texts,
    opened_at=times,
    free_bytes=st.none() | counts,
    previous_sha256=st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
    files=st.lists(files, max_size=4, unique_by=lambda file: file.path_b64).map(tuple),
)


@settings(deadline=None)
@given(manifests)
def test_a_manifest_comes_back_with_its_files_in_order(manifest):
    opened = open_manifest(sign_manifest(manifest, STATION), STATION.verifier)
    in_order = tuple(sorted(manifest.files, key=lambda file: file.path_b64))
    assert opened == dataclasses.replace(manifest, files=in_order)


@settings(deadline=None)
@given(manifests, st.randoms())
def test_the_order_of_looking_does_not_show(manifest, random):
    shuffled = list(manifest.files)
    random.shuffle(shuffled)
    other = dataclasses.replace(manifest, files=tuple(shuffled))
    assert sign_manifest(other, STATION) == sign_manifest(manifest, STATION)


def test_names_travel_as_their_bytes():
    assert open_manifest(NOTE.encode(), STATION.verifier).files == MANIFEST.files
    body = json.loads(NOTE.split("\n")[1])
    assert body["files"][0]["path_b64"] == "RENJTS9uZXcKbGluZf8nIi5tcDQ="


def test_any_changed_byte_is_refused():
    data = NOTE.encode()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        with pytest.raises(LogError):
            open_manifest(bytes(changed), STATION.verifier)


@settings(deadline=None)
@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_any_other_byte_is_refused(at, difference):
    changed = bytearray(NOTE.encode())
    changed[at] ^= difference
    with pytest.raises(LogError):
        open_manifest(bytes(changed), STATION.verifier)


def test_a_station_speaks_for_itself_only():
    with pytest.raises(LogError):
        open_manifest(NOTE, LOG_KEY.verifier)
    with pytest.raises(LogError):
        sign_manifest(dataclasses.replace(MANIFEST, station="liuhen-station/other"), STATION)
    foreign = NOTE.split("\n")[1].replace(STATION.name, "liuhen-station/0000000000000000")
    with pytest.raises(LogError):
        open_manifest(sign_note(f"liuhen manifest v1\n{foreign}\n", [STATION]), STATION.verifier)


def _file(**change):
    return {
        "path_b64": "YQ==",
        "size_bytes": 1,
        "modified_at": "2026-11-22T01:21:38.123Z",
        "skipped": None,
        **change,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"session_id": ""},
        {"session_id": "../a"},
        {"session_id": 5},
        {"station": None},
        {"source": ""},
        {"source": "x" * 4097},
        {"opened_at": "2026-11-22T01:21:38Z"},
        {"free_bytes": -1},
        {"free_bytes": "1"},
        {"previous_sha256": ""},
        {"previous_sha256": "0F" * 32},
        {"files": {}},
        {"files": [None]},
        {"files": [_file(path_b64="")]},
        {"files": [_file(path_b64="YQ")]},
        {"files": [_file(path_b64="YR==")]},
        {"files": [_file(path_b64="L2E=")]},  # /a
        {"files": [_file(path_b64="YS8=")]},  # a/
        {"files": [_file(path_b64="YS8vYQ==")]},  # a//a
        {"files": [_file(path_b64="Li4vYQ==")]},  # ../a
        {"files": [_file(path_b64="YS8uL2E=")]},  # a/./a
        {"files": [_file(path_b64="YQBi")]},  # a, NUL, b
        {"files": [_file(size_bytes=-1)]},
        {"files": [_file(size_bytes=True)]},
        {"files": [_file(modified_at=0)]},
        {"files": [_file(skipped="")]},
        {"files": [_file(skipped=False)]},
        {"files": [_file(extra=1)]},
        {"files": [_file(), _file()]},
        {"files": [_file(path_b64="Yg=="), _file(path_b64="YQ==")]},
        {"extra": 1},
    ],
)
def test_what_is_no_manifest_is_refused_though_the_station_signed_it(change):
    value = parse_canonical(NOTE.split("\n")[1].encode())
    value.update(change)
    text = f"liuhen manifest v1\n{canonical_json(value).decode()}\n"
    with pytest.raises(LogError):
        open_manifest(sign_note(text, [STATION]), STATION.verifier)


@pytest.mark.parametrize(
    "change",
    [
        {"session_id": "a b"},
        {"free_bytes": 2**53},
        {"previous_sha256": "abc"},
        {"files": (ManifestFile(b"/a", 1, AT),)},
        {"files": (ManifestFile(b"a" * (MAX_PATH_BYTES + 1), 1, AT),)},
        {"files": (ManifestFile(b"a", 1, AT), ManifestFile(b"a", 2, AT))},
        {"files": (ManifestFile(b"a", -1, AT),)},
    ],
)
def test_what_nobody_could_open_is_not_signed(change):
    with pytest.raises(LogError):
        sign_manifest(dataclasses.replace(MANIFEST, **change), STATION)


def test_the_number_of_files_is_bounded(monkeypatch):
    monkeypatch.setattr(wire, "MAX_MANIFEST_FILES", 2)
    with pytest.raises(LogError):
        open_manifest(NOTE, STATION.verifier)


def test_the_size_is_bounded(monkeypatch):
    monkeypatch.setattr(wire, "MAX_MANIFEST_BYTES", 100)
    with pytest.raises(LogError):
        open_manifest(NOTE, STATION.verifier)


def test_receipts_are_part_of_the_contract():
    receipt = sample_receipt(sample_log())
    note = sign_receipt(receipt, RECEIPT_KEY)
    opened = open_receipt(note, RECEIPT_KEY.verifier, LOG_KEY.verifier)
    check_receipt_for(opened, SHA256, SM3, SIZE_BYTES)
    # A receipt is no manifest, whoever signs it.
    with pytest.raises(LogError):
        open_manifest(note, RECEIPT_KEY.verifier)


def test_a_challenge_can_be_nothing_else():
    assert challenge_message("a" * 16) == b"liuhen station session v1\n" + b"a" * 16


@pytest.mark.parametrize("nonce", ["", "a" * 15, "a" * 257, "a" * 16 + "\n", "a " * 9, "é" * 16])
def test_a_nonce_has_a_form(nonce):
    with pytest.raises(wire.WireError):
        challenge_message(nonce)


def test_a_stations_name_is_its_keys_fingerprint():
    assert STATION.name == "liuhen-station/56475aa75463474c"
    assert station_key_name(Ed25519PrivateKey.generate().public_key()) != STATION.name
