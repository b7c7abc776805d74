import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.checkpoint import Checkpoint
from custody.log.entry import Entry, commit_details
from custody.log.errors import LogError, ReceiptError
from custody.log.merkle import root_of
from custody.log.note import sign_note
from custody.log.receipt import (
    MAX_RECEIPT_BYTES,
    check_receipt_for,
    open_receipt,
    sign_receipt,
)
from tests.unit.custody.log.samples import (
    CLIP_ID,
    DETAILS,
    LOG_KEY,
    RECEIPT_KEY,
    SALT,
    SHA256,
    SIZE_BYTES,
    SM3,
    START,
    SampleLog,
    admission,
    sample_log,
    sample_receipt,
)

LOG = sample_log()
RECEIPT = sample_receipt(LOG)
NOTE = sign_receipt(RECEIPT, RECEIPT_KEY)


def opened(note):
    return open_receipt(note, RECEIPT_KEY.verifier, LOG_KEY.verifier)


def test_a_receipt_comes_back():
    assert opened(NOTE) == RECEIPT
    assert opened(NOTE.encode()) == RECEIPT
    check_receipt_for(RECEIPT, SHA256, SM3, SIZE_BYTES)


def test_it_is_for_one_file_only():
    for other in [("00" * 32, SM3, SIZE_BYTES), (SHA256, "00" * 32, SIZE_BYTES), (SHA256, SM3, 1)]:
        with pytest.raises(ReceiptError):
            check_receipt_for(RECEIPT, *other)


def test_any_changed_byte_is_refused():
    data = NOTE.encode()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        with pytest.raises(LogError):
            opened(bytes(changed))


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_any_other_byte_is_refused(at, difference):
    changed = bytearray(NOTE.encode())
    changed[at] ^= difference
    with pytest.raises(LogError):
        opened(bytes(changed))


def test_each_key_signs_its_own():
    with pytest.raises(LogError):
        open_receipt(NOTE, LOG_KEY.verifier, LOG_KEY.verifier)
    with pytest.raises(LogError):
        open_receipt(NOTE, RECEIPT_KEY.verifier, RECEIPT_KEY.verifier)
    with pytest.raises(LogError):
        opened(sign_receipt(RECEIPT, LOG_KEY))


def readmitted(**change):
    """A receipt that fits a log in which the entry says something else."""
    entry = dataclasses.replace(Entry.decode(admission()), **change)
    return sample_receipt(SampleLog([entry.encode()]), 0)


#: What a dishonest archive might sign with its own good keys.
LIES = {
    "another clip's entry": dataclasses.replace(RECEIPT, entry=LOG.entries[40]),
    "another index": dataclasses.replace(RECEIPT, index=40),
    "an index beyond the tree": dataclasses.replace(RECEIPT, index=70),
    "another clip": dataclasses.replace(RECEIPT, clip_id="another"),
    "another digest": dataclasses.replace(RECEIPT, sha256="00" * 32),
    "another SM3": dataclasses.replace(RECEIPT, sm3="00" * 32),
    "another size": dataclasses.replace(RECEIPT, size_bytes=SIZE_BYTES + 1),
    "another origin": dataclasses.replace(RECEIPT, origin="example.com/other"),
    "another salt": dataclasses.replace(RECEIPT, salt=bytes(32)),
    "other details": dataclasses.replace(RECEIPT, details={**DETAILS, "officer": "000124"}),
    "no proof": dataclasses.replace(RECEIPT, proof=[]),
    "half a proof": dataclasses.replace(RECEIPT, proof=RECEIPT.proof[:-1]),
    "a proof in another order": dataclasses.replace(RECEIPT, proof=RECEIPT.proof[::-1]),
    "a checkpoint from before": dataclasses.replace(RECEIPT, checkpoint=LOG.note(41)),
    "a later checkpoint": dataclasses.replace(RECEIPT, checkpoint=sample_log(71).note()),
    "a checkpoint of another key": dataclasses.replace(
        RECEIPT, checkpoint=sign_note(LOG.checkpoint().encode(), [RECEIPT_KEY])
    ),
    "a checkpoint of another log": dataclasses.replace(
        RECEIPT,
        checkpoint=sign_note(
            Checkpoint("example.com/other", 70, root_of(LOG.leaves)).encode(), [LOG_KEY]
        ),
    ),
    "no checkpoint": dataclasses.replace(RECEIPT, checkpoint="believe me\n"),
    "not an entry": dataclasses.replace(RECEIPT, entry=b"{}"),
    "an entry of another kind": readmitted(kind="clip.assigned"),
    "a denied admission": readmitted(outcome="denied"),
    "an entry on another item": readmitted(item="clip:another"),
    "a fact more": readmitted(
        facts={"clip": CLIP_ID, "sha256": SHA256, "sm3": SM3, "size_bytes": SIZE_BYTES, "x": 1}
    ),
    "a fact less": readmitted(facts={"clip": CLIP_ID, "sha256": SHA256, "sm3": SM3}),
    "true for a size of one": dataclasses.replace(
        readmitted(facts={"clip": CLIP_ID, "sha256": SHA256, "sm3": SM3, "size_bytes": True}),
        size_bytes=1,
    ),
    "no commitment": readmitted(commitment=None),
    "another commitment": readmitted(commitment=commit_details({}, SALT)),
}


@pytest.mark.parametrize("receipt", LIES.values(), ids=LIES.keys())
def test_what_does_not_hold_is_refused_though_the_archive_signed_it(receipt):
    with pytest.raises(LogError):
        opened(sign_receipt(receipt, RECEIPT_KEY))


@pytest.mark.parametrize(
    "change",
    [
        {"clip_id": ""},
        {"clip_id": "../a"},
        {"sha256": SHA256.upper()},
        {"sm3": ""},
        {"size_bytes": -1},
        {"size_bytes": True},
        {"index": -1},
        {"origin": ""},
        {"salt": bytes(31)},
        {"details": None},
        {"details": {"a": 0.5}},
        {"checkpoint": ""},
        {"proof": [bytes(33)]},
        {"proof": [bytes(32)] * 64},
        {"entry": bytes(65_536)},
        {"details": {"a": "x" * MAX_RECEIPT_BYTES}},
    ],
)
def test_a_receipt_that_breaks_its_form_is_not_signed(change):
    with pytest.raises(LogError):
        sign_receipt(dataclasses.replace(RECEIPT, **change), RECEIPT_KEY)


def test_a_log_of_one_entry_needs_no_proof():
    receipt = sample_receipt(SampleLog([admission()]), 0)
    assert receipt.proof == []
    assert opened(sign_receipt(receipt, RECEIPT_KEY)) == receipt


def test_it_is_issued_to_the_millisecond():
    receipt = dataclasses.replace(RECEIPT, issued_at=START.replace(microsecond=999_999))
    assert opened(sign_receipt(receipt, RECEIPT_KEY)).issued_at.microsecond == 999_000
