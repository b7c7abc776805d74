import pytest
from hypothesis import given

from custody.log.errors import EntryError, LogError, NoteError
from custody.log.note import sign_note
from custody.log.statement import open_statement, sign_statement
from tests.unit.custody.log.samples import signer
from tests.unit.custody.log.strategies import facts

ALICE = signer("example.com/alice")
BOB = signer("example.com/bob")
TITLE = "liuhen test v1"


def opened(note, title=TITLE, key=ALICE, max_bytes=10_000):
    return open_statement(note, title, key.verifier, max_bytes=max_bytes)


@given(facts)
def test_a_statement_comes_back(value):
    assert (
        opened(sign_statement(TITLE, value, ALICE, max_bytes=100_000), max_bytes=100_000) == value
    )


def test_it_is_its_title_and_a_line_of_json():
    note = sign_statement(TITLE, {"b": "二", "a": 1}, ALICE, max_bytes=1000)
    assert note.startswith('liuhen test v1\n{"a":1,"b":"二"}\n\n— example.com/alice ')


def test_any_changed_bit_is_refused():
    data = sign_statement(TITLE, {"a": "二"}, ALICE, max_bytes=1000).encode()
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            with pytest.raises(LogError):
                opened(bytes(changed))


@pytest.mark.parametrize(
    "text",
    [
        "liuhen test v2\n{}\n",
        "liuhen test v1\n",
        "liuhen test v1\n{}\n{}\n",
        "liuhen test v1\n{}\n\n",
        "\nliuhen test v1\n{}\n",
        "liuhen test v1 {}\n",
        "liuhen test v1\n{ }\n",
        "liuhen test v1\nnonsense\n",
        "liuhen test v1\n\n",
    ],
)
def test_what_the_key_signed_otherwise_is_no_statement_of_this_kind(text):
    with pytest.raises(LogError):
        opened(sign_note(text, [ALICE]))


def test_another_key_states_nothing():
    with pytest.raises(NoteError):
        opened(sign_statement(TITLE, {}, BOB, max_bytes=1000))


def test_what_has_no_canonical_form_is_not_stated():
    with pytest.raises(EntryError):
        sign_statement(TITLE, {"a": 0.5}, ALICE, max_bytes=1000)


def test_its_size_is_bounded_on_both_sides():
    with pytest.raises(NoteError):
        sign_statement(TITLE, {"a": "x" * 1000}, ALICE, max_bytes=1000)
    note = sign_statement(TITLE, {"a": "x" * 1000}, ALICE, max_bytes=2000)
    with pytest.raises(NoteError):
        opened(note, max_bytes=1000)
