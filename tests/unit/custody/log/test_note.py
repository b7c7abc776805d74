import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from custody.log.errors import LogError, NoteError
from custody.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteSigner,
    NoteVerifier,
    check_name,
    generate,
    open_note,
    sign_note,
)
from tests.unit.custody.log.samples import ASSETS, signer

KNOWN = json.loads((ASSETS / "notes.json").read_text(encoding="utf-8"))
TEXT = KNOWN["text"]
PETER = NoteVerifier.parse(KNOWN["peter"]["vkey"])
ENOCH = NoteVerifier.parse(KNOWN["enoch"]["vkey"])
PETER_LINE = KNOWN["peter"]["line"]
ENOCH_LINE = KNOWN["enoch"]["line"]
NOTE = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}"

ALICE = signer("example.com/alice")
BOB = signer("example.com/bob")

names = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1, max_size=40
)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
note_texts = st.lists(lines, min_size=1, max_size=5).map(lambda parts: "\n".join(parts) + "\n")


def test_a_known_note_is_signed_to_the_byte():
    peter = NoteSigner.parse(KNOWN["peter"]["secret"])
    assert sign_note(TEXT, [peter]) == f"{TEXT}\n{PETER_LINE}"
    assert peter.verifier.vkey == KNOWN["peter"]["vkey"]
    assert peter.secret_text() == KNOWN["peter"]["secret"]


@pytest.mark.parametrize("note", [NOTE, NOTE.encode()])
def test_a_known_note_opens(note):
    assert open_note(note, [PETER, ENOCH]).verified == ("PeterNeumann", "EnochRoot")
    assert open_note(note, [ENOCH]).verified == ("EnochRoot",)
    assert open_note(note, [PETER]).text == TEXT


def test_without_a_known_key_it_does_not_open():
    with pytest.raises(NoteError):
        open_note(NOTE, [])
    with pytest.raises(NoteError):
        open_note(NOTE, [ALICE.verifier])


@given(note_texts)
def test_what_was_signed_opens(text):
    opened = open_note(sign_note(text, [ALICE, BOB]), [BOB.verifier, ALICE.verifier])
    assert opened.text == text
    assert opened.verified == (ALICE.name, BOB.name)


def test_any_changed_bit_is_refused_or_changes_nothing():
    data = sign_note(TEXT, [ALICE, BOB]).encode()
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            try:
                opened = open_note(bytes(changed), [ALICE.verifier])
            except LogError:
                continue
            assert opened.text == TEXT
            assert opened.verified == (ALICE.name,)


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused(data):
    with pytest.raises(LogError):
        open_note(data, [ALICE.verifier])


@given(st.text(max_size=200))
def test_hostile_text_is_refused(text):
    with pytest.raises(LogError):
        open_note(text, [ALICE.verifier])


@given(note_texts, st.data())
def test_a_cut_or_doubled_note_is_refused_or_changes_nothing(text, data):
    note = sign_note(text, [ALICE])
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(note))] * 2)))
    for other in (note[:start] + note[end:], note[:end] + note[start:end] + note[end:]):
        try:
            opened = open_note(other, [ALICE.verifier])
        except LogError:
            continue
        assert opened.text == text


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        TEXT + PETER_LINE,
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"{TEXT}\n{PETER_LINE}\n",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE}{PETER_LINE}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}".replace("\n", "\r\n"),
        f"{TEXT}\n{PETER_LINE}".encode("utf-16"),
        b"\xff" + f"{TEXT}\n{PETER_LINE}".encode(),
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '- ')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '—')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '—  ')}",
        f"{TEXT}\n{PETER_LINE.replace(' x08', '  x08')}",
        f"{TEXT}\n{PETER_LINE[:-1]} \n",
        f"{TEXT}\n{PETER_LINE.replace('=', '')}",
        f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}",
        f"{TEXT}\n{PETER_LINE}— Bad Name x08go/ZJ\n",
        f"{TEXT}\n{PETER_LINE}— Bad+Name x08go/ZJ\n",
        f"{TEXT}\n{PETER_LINE}— EnochRoot x08gow==\n",
        f"{TEXT}\n{PETER_LINE}— EnochRoot \n",
        f"{TEXT}\n{PETER_LINE}— EnochRoot {'A' * 16_384}\n",
        f"{TEXT}\n{PETER_LINE}{ENOCH_LINE * MAX_SIGNATURES}",
        "x" * MAX_NOTE_BYTES + f"\n\n{PETER_LINE}",
        "é" * (MAX_NOTE_BYTES // 2) + f"\n\n{PETER_LINE}",
    ],
)
def test_a_note_in_another_form_is_refused(note):
    with pytest.raises(NoteError):
        open_note(note, [PETER])


def test_signatures_of_unknown_keys_are_passed_over():
    # Another name, or another hash, is another key; so is a post-quantum one of 5 kB.
    other = f"{TEXT}\n{ENOCH_LINE.replace('EnochRoot', 'PeterNeumann')}— b {'AAAA' * 1700}\n"
    assert open_note(other + PETER_LINE, [PETER]).verified == ("PeterNeumann",)
    assert open_note(other + ENOCH_LINE * 3 + PETER_LINE, [PETER]).verified == ("PeterNeumann",)


def test_the_signature_of_a_known_key_must_verify_even_beside_a_good_one():
    forged = ALICE.sign("another text\n")
    with pytest.raises(NoteError, match="does not verify"):
        open_note(f"{TEXT}\n{PETER_LINE}{forged}", [PETER, ALICE.verifier])


def test_signatures_inside_the_text_are_text():
    text = f"{TEXT}\n{PETER_LINE}"
    note = sign_note(text, [ALICE])
    assert open_note(note, [ALICE.verifier]).text == text
    with pytest.raises(NoteError):
        open_note(note, [PETER])


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\x00\n", "\ud800\n"])
def test_a_text_that_can_not_be_signed(text):
    with pytest.raises(NoteError):
        sign_note(text, [ALICE])


def test_somebody_signs():
    with pytest.raises(NoteError):
        sign_note(TEXT, [])


def test_no_part_and_no_neighbour_of_a_verifier_key_is_one():
    text = KNOWN["peter"]["vkey"]
    others = {text[start:end] for start in range(len(text)) for end in range(start, len(text) + 1)}
    others |= {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
    others |= {*KNOWN["bad_vkeys"], text.replace("c74f20a3", "C74F20A3"), text + "\n", text + "+"}
    for other in others - {text}:
        with pytest.raises(NoteError):
            NoteVerifier.parse(other)


def test_no_part_of_a_secret_is_one_nor_shows_in_the_error():
    secret = KNOWN["peter"]["secret"]
    for end in range(len(secret)):
        with pytest.raises(NoteError) as caught:
            NoteSigner.parse(secret[:end])
        assert "AYEKFALV" not in str(caught.value)


@given(names)
def test_keys_come_back(name):
    key = generate(name)
    assert NoteVerifier.parse(key.verifier.vkey) == key.verifier
    assert NoteSigner.parse(key.secret_text()).verifier.vkey == key.verifier.vkey
    assert open_note(sign_note(TEXT, [key]), [NoteVerifier.parse(key.verifier.vkey)]).text == TEXT


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000b", "a\x00", "\ud800", "a" * 256]
)
def test_names_that_no_key_can_have(name):
    with pytest.raises(NoteError):
        check_name(name)
    with pytest.raises(NoteError):
        NoteSigner(name, Ed25519PrivateKey.generate())
