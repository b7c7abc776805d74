"""The signer: one tree, ever; its record is on disk before the signature is out."""

import json
from pathlib import Path

import pytest

from custody.errors import KeyMissingError, SignerStateError, SigningRefusedError
from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.errors import SignatureMissingError
from custody.log.merkle import hash_leaf, prove_consistency, root_of, tree_root
from custody.log.note import generate, sign_note
from custody.log.trust import TrustedKey, TrustedKeys
from custody.publishing.keys import LogKeys, load_or_create_keys
from custody.publishing.signer import Signer

ORIGIN = "test.example/custody"
LEAVES = [hash_leaf(bytes([n])) for n in range(20)]
OTHER_LEAVES = [hash_leaf(b"other"), *LEAVES[1:]]


def read_from(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    def read(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    return read


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, tree_root(size, read_from(leaves)))


def proof(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return prove_consistency(old, new, read_from(leaves))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LogKeys:
    return load_or_create_keys(tmp_path_factory.mktemp("keys"), ORIGIN)


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def signer(keys: LogKeys, state_file: Path) -> Signer:
    return Signer(lambda: keys, state_file, ORIGIN)


def test_a_new_log_has_signed_nothing(signer: Signer) -> None:
    assert signer.last() is None


def test_it_signs_trees_that_continue(signer: Signer) -> None:
    old = 0
    for size in (3, 8, 20):
        note = signer.sign(head(size), proof(old, size))
        assert open_checkpoint(note, signer.verifier) == head(size)
        last = signer.last()
        assert last is not None
        assert (last.size, last.root, last.note) == (size, head(size).root, note)
        old = size


def test_every_checkpoint_bears_both_signatures(signer: Signer, keys: LogKeys) -> None:
    note = signer.sign(head(5), [])
    lines = note.partition("\n\n")[2].splitlines()
    assert [line.split()[1] for line in lines] == [ORIGIN, ORIGIN]
    assert len(lines[0]) < len(lines[1])  # Ed25519 first: some readers look no further
    both = TrustedKeys.all_of(key.verifier for key in keys.newest.signers)
    assert open_checkpoint(note, both) == head(5)
    for one in lines:
        with pytest.raises(SignatureMissingError):
            open_checkpoint(head(5).encode() + f"\n{one}\n", both)


def test_a_key_that_is_retired_within_the_tree_does_not_sign_it(
    signer: Signer, keys: LogKeys
) -> None:
    old, second = (key.verifier for key in keys.newest.signers)
    trusted = TrustedKeys((TrustedKey(old, 0, 4), TrustedKey(second)))
    assert open_checkpoint(signer.sign(head(5), [], trusted), trusted) == head(5)


def test_without_a_key_that_must_sign_nothing_is_signed(signer: Signer, keys: LogKeys) -> None:
    """As on another host that was not given the new keys yet."""
    own = tuple(TrustedKey(key.verifier) for key in keys.newest.signers)
    other = TrustedKey(generate(ORIGIN).verifier, since=5)
    trusted = TrustedKeys((*own, other))
    assert open_checkpoint(signer.sign(head(3), [], trusted), trusted) == head(3)
    with pytest.raises(KeyMissingError):
        signer.sign(head(5), proof(3, 5), trusted)


def test_the_record_outlives_the_process(signer: Signer, keys: LogKeys, state_file: Path) -> None:
    note = signer.sign(head(5), [])
    again = Signer(lambda: keys, state_file, ORIGIN)
    assert again.sign(head(5), []) == note
    assert state_file.stat().st_mode & 0o077 == 0


def test_the_record_is_written_before_the_note_is_out(
    signer: Signer, state_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("custody.publishing.signer.write_file", full)
    with pytest.raises(OSError, match="no space"):
        signer.sign(head(5), [])
    assert not state_file.exists()


@pytest.mark.parametrize(
    ("checkpoint", "consistency", "message"),
    [
        (head(4), [], "5 were signed already"),
        (head(5, OTHER_LEAVES), [], "at 5 entries"),
        (head(9, OTHER_LEAVES), proof(5, 9, OTHER_LEAVES), "do not continue"),
        (head(9), [], "do not continue"),
        (head(9), proof(4, 9), "do not continue"),
        (Checkpoint("other.example", 9, head(9).root), proof(5, 9), "origin"),
    ],
)
def test_it_refuses_every_other_tree(
    signer: Signer, checkpoint: Checkpoint, consistency: list[bytes], message: str
) -> None:
    note = signer.sign(head(5), [])
    with pytest.raises(SigningRefusedError, match=message):
        signer.sign(checkpoint, consistency)
    last = signer.last()
    assert last is not None
    assert last.note == note


def test_a_refusal_says_what_was_seen(signer: Signer) -> None:
    signer.sign(head(5), [])
    with pytest.raises(SigningRefusedError) as refused:
        signer.sign(head(5, OTHER_LEAVES), [])
    assert head(5).root.hex() in str(refused.value)
    assert head(5, OTHER_LEAVES).root.hex() in str(refused.value)


def test_it_adopts_what_its_key_signed_elsewhere(
    signer: Signer, keys: LogKeys, tmp_path: Path
) -> None:
    note = Signer(lambda: keys, tmp_path / "elsewhere.json", ORIGIN).sign(head(8), [])
    signer.sign(head(5), [])
    signer.adopt(note, proof(5, 8))
    last = signer.last()
    assert last is not None
    assert (last.size, last.note) == (8, note)


def test_it_adopts_nothing_of_another_key_or_tree(
    signer: Signer, keys: LogKeys, tmp_path: Path
) -> None:
    signer.sign(head(5), [])
    stranger = sign_note(head(8).encode(), [generate(ORIGIN)])
    with pytest.raises(SigningRefusedError, match="not ours"):
        signer.adopt(stranger, proof(5, 8))
    forked = Signer(lambda: keys, tmp_path / "fork.json", ORIGIN).sign(head(8, OTHER_LEAVES), [])
    with pytest.raises(SigningRefusedError, match="do not continue"):
        signer.adopt(forked, proof(5, 8, OTHER_LEAVES))


@pytest.mark.parametrize(
    "change",
    [
        lambda state: "",
        lambda state: "[]",
        lambda state: json.dumps(state | {"size": 4}),
        lambda state: json.dumps(state | {"root": "00" * 32}),
        lambda state: json.dumps(state | {"note": sign_note(head(5).encode(), [generate(ORIGIN)])}),
        lambda state: json.dumps({"size": 5}),
    ],
)
def test_a_record_that_is_not_its_own_stops_it(signer: Signer, state_file: Path, change) -> None:  # type: ignore[no-untyped-def]
    signer.sign(head(5), [])
    state_file.write_text(change(json.loads(state_file.read_text())))
    with pytest.raises(SignerStateError, match=r"state\.json"):
        signer.sign(head(9), proof(5, 9))
