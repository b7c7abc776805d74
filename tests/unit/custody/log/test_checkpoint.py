import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.checkpoint import MAX_CHECKPOINT_BYTES, Checkpoint, open_checkpoint
from custody.log.errors import CheckpointError, LogError, NoteError
from custody.log.merkle import EMPTY_ROOT, MAX_TREE_SIZE
from custody.log.note import NoteVerifier, sign_note
from tests.unit.custody.log.samples import ASSETS, LOG_KEY, ORIGIN, RECEIPT_KEY

KNOWN = json.loads((ASSETS / "notes.json").read_text(encoding="utf-8"))["sumdb"]
ROOT = bytes(range(32))
SAMPLE = Checkpoint(ORIGIN, 20_852_163, ROOT)

lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


def test_a_tree_head_of_the_go_checksum_database_opens():
    verifier = NoteVerifier.parse(KNOWN["vkey"])
    checkpoint = open_checkpoint(KNOWN["note"], verifier, origin=KNOWN["origin"])
    assert checkpoint == Checkpoint(KNOWN["origin"], KNOWN["size"], base64.b64decode(KNOWN["root"]))
    with pytest.raises(CheckpointError):
        open_checkpoint(KNOWN["note"], verifier)


@given(
    lines,
    st.integers(1, MAX_TREE_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3),
)
def test_a_checkpoint_comes_back(origin, size, root, extensions):
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint


@given(st.text(max_size=120))
def test_hostile_text_is_refused_or_is_a_checkpoint(text):
    try:
        checkpoint = Checkpoint.parse(text)
    except LogError:
        return
    assert checkpoint.encode() == text


def test_any_changed_character_is_refused_or_is_another_checkpoint():
    text = Checkpoint(ORIGIN, 5, ROOT, ("more",)).encode()
    for at in range(len(text)):
        for other in "\n 0A=é\x00":
            changed = text[:at] + other + text[at + 1 :]
            try:
                checkpoint = Checkpoint.parse(changed)
            except LogError:
                continue
            assert checkpoint.encode() == changed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n",
        "a\n1\n",
        f"a\n1\n{base64.b64encode(ROOT).decode()}",
        f"\n1\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n01\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n+1\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n１\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n{MAX_TREE_SIZE + 1}\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n{'9' * 5000}\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n0\n{base64.b64encode(ROOT).decode()}\n",
        f"a\n1\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"a\n1\n{base64.b64encode(ROOT).decode()[:-1]}\n",
        f"a\n1\n{base64.b64encode(ROOT).decode()}\n\n",
        f"a\n1\n{base64.b64encode(ROOT).decode()}\n\nmore\n",
        f"a\r\n1\r\n{base64.b64encode(ROOT).decode()}\r\n",
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(CheckpointError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        ("", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("a", -1, ROOT),
        ("a", MAX_TREE_SIZE + 1, ROOT),
        ("a", 1, ROOT[:31]),
        ("a", 0, ROOT),
        ("a", 1, ROOT, ("",)),
    ],
)
def test_what_can_not_be_a_checkpoint_is_not_made(fields):
    with pytest.raises(CheckpointError):
        Checkpoint(*fields)


def test_an_empty_tree_has_the_empty_root():
    assert Checkpoint.parse(Checkpoint(ORIGIN, 0, EMPTY_ROOT).encode()).size == 0


def test_it_opens_for_the_logs_own_key_and_origin_only():
    note = sign_note(SAMPLE.encode(), [LOG_KEY, RECEIPT_KEY])
    assert open_checkpoint(note, LOG_KEY.verifier) == SAMPLE
    assert open_checkpoint(note, RECEIPT_KEY.verifier, origin=ORIGIN) == SAMPLE
    with pytest.raises(CheckpointError):
        open_checkpoint(note, RECEIPT_KEY.verifier)
    with pytest.raises(NoteError):
        open_checkpoint(sign_note(SAMPLE.encode(), [RECEIPT_KEY]), LOG_KEY.verifier)


def test_a_note_about_something_else_is_no_checkpoint():
    with pytest.raises(CheckpointError):
        open_checkpoint(sign_note("I am the log\n", [LOG_KEY]), LOG_KEY.verifier)


def test_its_size_is_bounded():
    long = Checkpoint(ORIGIN, 1, ROOT, ("x" * MAX_CHECKPOINT_BYTES,))
    with pytest.raises(NoteError):
        open_checkpoint(sign_note(long.encode(), [LOG_KEY]), LOG_KEY.verifier)


def test_any_changed_bit_of_the_note_is_refused_or_changes_nothing():
    data = sign_note(SAMPLE.encode(), [LOG_KEY]).encode()
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            with pytest.raises(LogError):
                open_checkpoint(bytes(changed), LOG_KEY.verifier)
