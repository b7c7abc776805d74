"""The witness: what it is asked, what it answers, and that it never cosigns two histories."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from custody.log.checkpoint import Checkpoint
from custody.log.errors import ProofError
from custody.log.merkle import EMPTY_ROOT, prove_consistency, root_of
from custody.log.note import sign_note
from custody.log.witness import (
    MAX_PROOF_LINES,
    MAX_REQUEST_BYTES,
    AddCheckpoint,
    Seen,
    WitnessRefusedError,
    judge,
    parse_request,
)
from tests.services.key_sets import generation
from tests.unit.custody.log.samples import LOG_KEY, ORIGIN, SampleLog, chain, signer

LOG = SampleLog(chain("clip:other", 300))
OTHER = SampleLog(chain("clip:forged", 300))
LOGS = {ORIGIN: [LOG_KEY.verifier]}


def seen(size: int, log: SampleLog = LOG) -> Seen:
    return Seen(size, root_of(log.leaves[:size]))


def ask(old: int, new: int, log: SampleLog = LOG) -> AddCheckpoint:
    def read(level: int, index: int) -> bytes:
        return root_of(log.leaves[index << level : (index + 1) << level])

    proof = prove_consistency(old, new, read)
    return AddCheckpoint(old, tuple(proof), log.note(new))


def refusal(request: AddCheckpoint, known: Seen, origin: str = ORIGIN) -> WitnessRefusedError:
    with pytest.raises(WitnessRefusedError) as caught:
        judge(request, origin, LOGS, known)
    return caught.value


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 300), (1, 2), (128, 300), (299, 300), (7, 7)])
def test_what_goes_on_from_what_was_seen_is_cosigned(old, new):
    request = ask(old, new)
    again, origin = parse_request(request.encode())
    assert (again, origin) == (request, ORIGIN)
    assert judge(again, origin, LOGS, seen(old)) == LOG.checkpoint(new)


def test_of_each_kind_of_key_it_was_given_one_has_signed():
    keys = generation(1)
    text = LOG.checkpoint(7).encode()
    logs = {ORIGIN: [key.verifier for number in (1, 2) for key in generation(number).signers]}
    signed = AddCheckpoint(0, (), sign_note(text, keys.signers))
    assert judge(signed, ORIGIN, logs, Seen()) == LOG.checkpoint(7)
    with pytest.raises(WitnessRefusedError) as caught:
        judge(AddCheckpoint(0, (), sign_note(text, [keys.log])), ORIGIN, logs, Seen())
    assert caught.value.status == HTTPStatus.FORBIDDEN


def test_an_unknown_log():
    assert refusal(ask(0, 5), Seen(), "liuhen.example/other").status == HTTPStatus.NOT_FOUND


def test_a_checkpoint_nobody_we_know_signed():
    request = ask(0, 5)
    forged = sign_note(LOG.checkpoint(5).encode(), [signer("mallory.example")])
    refused = refusal(replace(request, checkpoint=forged), Seen())
    assert refused.status == HTTPStatus.FORBIDDEN
    changed = request.checkpoint.replace("\n5\n", "\n6\n", 1)
    assert refusal(replace(request, checkpoint=changed), Seen()).status == HTTPStatus.FORBIDDEN


def test_one_of_several_keys_is_enough_while_they_are_rotated():
    logs = {ORIGIN: [signer("liuhen.example/next").verifier, LOG_KEY.verifier]}
    assert judge(ask(0, 5), ORIGIN, logs, Seen()) == LOG.checkpoint(5)


def test_a_tree_that_shrinks():
    request = AddCheckpoint(9, (), LOG.note(5))
    assert refusal(request, seen(9)).status == HTTPStatus.BAD_REQUEST


def test_an_old_size_that_is_not_the_last_is_told_which_is():
    refused = refusal(ask(4, 9), seen(7))
    assert (refused.status, refused.known_size) == (HTTPStatus.CONFLICT, 7)
    assert refusal(ask(0, 9), seen(7)).known_size == 7


def test_two_trees_of_one_size():
    refused = refusal(ask(7, 7, OTHER), seen(7))
    assert (refused.status, refused.known_size) == (HTTPStatus.CONFLICT, 7)


def test_a_history_that_was_rewritten():
    for proof in (ask(7, 9, OTHER).proof, ask(7, 9).proof, ()):
        request = AddCheckpoint(7, tuple(proof), OTHER.note(9))
        assert refusal(request, seen(7)).status == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5",
        b"old 05\n\n" + LOG.note(5).encode(),
        b"old -1\n\n" + LOG.note(5).encode(),
        b"Old 0\n\n" + LOG.note(5).encode(),
        b"old 0\nAAAA\n\n" + LOG.note(5).encode(),
        b"old 0\n\n",
        b"old 0\n\nno checkpoint",
        b"old 0\n\n\xff",
        b"old 0\n\n" + LOG.checkpoint(5).encode().encode(),
        b"old 0\n" + (b"A" * 43 + b"=\n") * (MAX_PROOF_LINES + 1) + b"\n" + LOG.note(5).encode(),
        b"old 0\n\n" + b"x" * MAX_REQUEST_BYTES,
    ],
)
def test_what_is_no_request(body):
    with pytest.raises(WitnessRefusedError) as caught:
        parse_request(body)
    assert caught.value.status == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    "values",
    [
        {"old_size": -1},
        {"old_size": 2**63},
        {"proof": (b"x",)},
        {"proof": (bytes(32),) * 64},
        {"checkpoint": ""},
    ],
)
def test_what_can_not_be_asked(values):
    with pytest.raises(ProofError):
        replace(ask(0, 5), **values)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    for body in (data, b"old 0\n\n" + data):
        with suppress(WitnessRefusedError):
            parse_request(body)


class TwoHistories(RuleBasedStateMachine):
    """A log that keeps two histories, over one beginning, and tries to get both cosigned."""

    @initialize(common=st.integers(0, 20))
    def begin(self, common: int) -> None:
        honest, forged = chain("clip:other", 40), chain("clip:forged", 40)
        self.logs = [SampleLog(honest), SampleLog(honest[:common] + forged[common:])]
        self.seen = Seen()
        self.cosigned: list[Checkpoint] = []

    @rule(
        which=st.integers(0, 1), old=st.integers(0, 40), new=st.integers(0, 40), cheat=st.booleans()
    )
    def submit(self, which: int, old: int, new: int, cheat: bool) -> None:
        log = self.logs[which]
        old = self.seen.size if cheat else old
        if old > new:
            return
        try:
            checkpoint = judge(ask(old, new, log), ORIGIN, LOGS, self.seen)
        except WitnessRefusedError:
            return
        self.seen = Seen(checkpoint.size, checkpoint.root)
        self.cosigned.append(checkpoint)

    @invariant()
    def one_history(self) -> None:
        """All that was cosigned is of one of the two, and never shrank."""
        if not hasattr(self, "cosigned"):
            return
        sizes = [checkpoint.size for checkpoint in self.cosigned]
        assert sizes == sorted(sizes)
        assert any(
            all(
                checkpoint.root == root_of(log.leaves[: checkpoint.size])
                for checkpoint in self.cosigned
            )
            for log in self.logs
        )


TestTwoHistories = TwoHistories.TestCase


def test_nothing_is_seen_at_first():
    assert Seen() == Seen(0, EMPTY_ROOT)
