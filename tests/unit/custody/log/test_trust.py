"""Which keys must have signed a checkpoint, and what is said where they have not."""

import pytest

from custody.log.checkpoint import Checkpoint, open_checkpoint
from custody.log.cosignature import open_cosigned
from custody.log.errors import LogError, NoteError, RetiredKeyError, SignatureMissingError
from custody.log.merkle import hash_leaf
from custody.log.note import NoteVerifier, sign_note
from custody.log.trust import AnyOf, OneOfEachKind, TrustedKey, TrustedKeys, parse_log_key
from custody.publishing.keys import KeyGeneration
from tests.services.key_sets import ORIGIN, generation

OLD, NEW = generation(1), generation(2)


def note(size: int, *signers: KeyGeneration) -> str:
    text = Checkpoint(ORIGIN, size, hash_leaf(b"root")).encode()
    return sign_note(text, [key for one in signers for key in one.signers])


def span(of: KeyGeneration, since: int = 0, until: int | None = None) -> tuple[TrustedKey, ...]:
    return tuple(TrustedKey(key.verifier, since, until) for key in of.signers)


#: The old until 8 entries, the new from 5 on.
TRUSTED = TrustedKeys(span(OLD, until=8) + span(NEW, since=5))


@pytest.mark.parametrize(
    ("size", "signers"),
    [(1, (OLD,)), (4, (OLD,)), (4, (OLD, NEW)), (5, (OLD, NEW)), (8, (OLD, NEW)), (9, (NEW,))],
)
def test_each_size_is_signed_by_its_keys(size: int, signers: tuple[KeyGeneration, ...]) -> None:
    assert open_checkpoint(note(size, *signers), TRUSTED).size == size
    assert open_cosigned(note(size, *signers), TRUSTED, [])[1] == ()


@pytest.mark.parametrize(
    ("size", "signers", "error"),
    [
        (4, (NEW,), SignatureMissingError),
        (5, (OLD,), SignatureMissingError),
        (8, (NEW,), SignatureMissingError),
        (9, (OLD,), RetiredKeyError),
        (9, (OLD, NEW), RetiredKeyError),
        (9, (generation(3),), NoteError),
    ],
)
def test_a_size_that_others_signed_is_refused(
    size: int, signers: tuple[KeyGeneration, ...], error: type[LogError]
) -> None:
    for opened in (open_checkpoint, lambda one, log: open_cosigned(one, log, [])):
        with pytest.raises(error):
            opened(note(size, *signers), TRUSTED)


def test_of_two_kinds_neither_stands_for_the_other() -> None:
    text = Checkpoint(ORIGIN, 3, hash_leaf(b"root")).encode()
    both = TrustedKeys(span(OLD))
    for one in OLD.signers:
        with pytest.raises(SignatureMissingError):
            open_checkpoint(sign_note(text, [one]), both)
    # Whoever knows the first key only goes on as before.
    assert open_checkpoint(note(3, OLD), OLD.log.verifier).size == 3


def test_a_wrong_second_signature_spoils_the_note() -> None:
    other = Checkpoint(ORIGIN, 3, hash_leaf(b"another root")).encode()
    mixed = note(3, OLD).rpartition("\n— ")[0] + "\n" + OLD.signers[1].sign(other)
    with pytest.raises(NoteError, match="does not verify"):
        open_checkpoint(mixed, TrustedKeys(span(OLD)))


def test_who_does_not_know_the_entries_asks_for_one_of_each_kind() -> None:
    loose = OneOfEachKind(TRUSTED.verifiers)
    for signers in ((OLD,), (NEW,), (OLD, NEW)):
        assert open_checkpoint(note(7, *signers), loose).size == 7
    text = Checkpoint(ORIGIN, 7, hash_leaf(b"root")).encode()
    with pytest.raises(SignatureMissingError):
        open_checkpoint(sign_note(text, [OLD.log, NEW.log]), loose)
    assert open_checkpoint(sign_note(text, [NEW.log]), AnyOf(TRUSTED.verifiers)).size == 7


def test_they_are_handed_on_and_read_again() -> None:
    assert TrustedKeys.from_json(TRUSTED.to_json()) == TRUSTED
    for broken in ([], [{}], "", [{"key": "x", "since": 0, "until": None}], [None] * 300):
        with pytest.raises(LogError):
            TrustedKeys.from_json(broken)  # type: ignore[arg-type]
    assert [type(parse_log_key(one.vkey)) is NoteVerifier for one in TRUSTED.verifiers] == [
        True,
        False,
        True,
        False,
    ]


def test_keys_of_two_logs_stand_for_none() -> None:
    with pytest.raises(NoteError):
        TrustedKeys.all_of([OLD.log.verifier, generation(1, "other.example").log.verifier])
    with pytest.raises(NoteError):
        TrustedKeys(())
