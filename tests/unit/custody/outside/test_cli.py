"""`liuhen-verify` as a person or a program calls it: words, objects, exit codes."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from custody.log.merkle import prove_inclusion
from custody.log.note import sign_note
from custody.log.proof import LogProof
from custody.log.receipt import sign_receipt
from custody.log.sample_statement import Verdict, sign_sample_statement
from custody.outside.cli import main
from custody.outside.mirror import Mirror
from custody.outside.texts import LANGUAGES
from tests.services.key_sets import generation
from tests.unit.custody.log.sampled import sampled_log, statement_on
from tests.unit.custody.log.samples import (
    LOG_KEY,
    RECEIPT_KEY,
    SampleLog,
    sample_log,
    sample_receipt,
    signer,
)
from tests.unit.custody.outside.shown import ENTRIES, FORGED, ShownLog

LOG = LOG_KEY.verifier.vkey


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    Mirror(folder, LOG_KEY.verifier).follow(ShownLog(300))
    return folder


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_mirror(mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "log.pub"
    key.write_text(f"{LOG}\n", encoding="utf-8")
    assert main(["mirror", str(mirror), "--log", str(key), "--json"]) == 0
    found = printed(capsys)
    assert (found["holds"], found["size"], found["entries"]) == (True, 300, 300)
    bundle = mirror / "tile/entries/001.p/44"
    bundle.write_bytes(bundle.read_bytes().replace(b"alice", b"mallo"))
    assert main(["mirror", str(mirror), "--log", LOG, "--lang", "zh"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("不成立\n")
    assert "entry 256" in said


def test_a_pair(mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = []
    for name, log in (("old", SampleLog(ENTRIES[:7])), ("forged", SampleLog(FORGED[:7]))):
        notes.append(tmp_path / name)
        notes[-1].write_text(log.note(), encoding="utf-8")
    newest = str(mirror / "checkpoint")
    asked = ["--log", LOG, "--mirror", str(mirror), "--lang", "en"]
    assert main(["pair", str(notes[0]), newest, *asked]) == 0
    assert "one history" in capsys.readouterr().out
    assert main(["pair", str(notes[1]), newest, *asked]) == 1
    assert main(["pair", str(notes[0]), newest, "--log", LOG]) == 2
    assert capsys.readouterr().err.startswith("无法核验")


def test_a_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = SampleLog(ENTRIES[:300])
    proof = LogProof(41, tuple(prove_inclusion(41, 300, log.reader().read)), log.note())
    file, entry = tmp_path / "a.tlog-proof", tmp_path / "a.entry"
    file.write_text(proof.encode(), encoding="utf-8")
    entry.write_bytes(ENTRIES[41])
    asked = ["proof", str(file), "--entry", str(entry), "--log", LOG]
    assert main([*asked, "--json"]) == 0
    assert printed(capsys)["index"] == 41
    entry.write_bytes(ENTRIES[42])
    assert main([*asked, "--json"]) == 1
    assert printed(capsys)["holds"] is False


@pytest.mark.parametrize(("entries", "code"), [(ENTRIES, 0), (FORGED, 1)])
def test_a_proof_is_of_the_mirrors_history(
    mirror: Path, tmp_path: Path, entries: list[bytes], code: int
) -> None:
    # Signed by the same key, and each holds in itself.
    log = SampleLog(entries[:200])
    proof = LogProof(41, tuple(prove_inclusion(41, 200, log.reader().read)), log.note())
    file, entry = tmp_path / "a.tlog-proof", tmp_path / "a.entry"
    file.write_text(proof.encode(), encoding="utf-8")
    entry.write_bytes(entries[41])
    asked = ["proof", str(file), "--entry", str(entry), "--log", LOG]
    assert main(asked) == 0
    assert main([*asked, "--mirror", str(mirror)]) == code
    assert main([*asked, "--mirror", str(tmp_path / "none")]) == 2


def test_a_receipt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, recording = tmp_path / "receipt.txt", tmp_path / "recording.mp4"
    file.write_text(sign_receipt(sample_receipt(sample_log()), RECEIPT_KEY), encoding="utf-8")
    recording.write_bytes(b"another")
    asked = ["receipt", str(file), "--log", LOG, "--receipts", RECEIPT_KEY.verifier.vkey]
    assert main([*asked, "--json"]) == 0
    assert printed(capsys)["index"] == 41
    assert main([*asked, "--recording", str(recording), "--lang", "en"]) == 1
    assert capsys.readouterr().out.startswith("does not hold\n")


@pytest.mark.parametrize("key", ["nonsense", "a+b+c", signer("x").secret_text()])
def test_a_key_that_is_none_is_wrong_usage(
    mirror: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mirror", str(mirror), "--log", key]) == 64
    assert capsys.readouterr().err


def test_a_policy_that_is_none_is_wrong_usage(mirror: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text("quorum most\n", encoding="utf-8")
    assert main(["mirror", str(mirror), "--log", LOG, "--policy", str(policy)]) == 64


def test_what_is_not_there_is_not_checked(tmp_path: Path) -> None:
    assert main(["mirror", str(tmp_path), "--log", LOG]) == 2
    assert main(["mirror", str(tmp_path / "none"), "--log", LOG]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_and_wrong_usage(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mirror", "--lang", language, "--help"])
    assert ended.value.code == 0
    assert ("公钥" in capsys.readouterr().out) == (language == "zh")
    with pytest.raises(SystemExit) as ended:
        main(["nothing", "--lang"])
    assert ended.value.code == 64


def test_who_gives_both_keys_of_the_log_asks_for_both_signatures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sample_log().checkpoint().encode()
    both, first = tmp_path / "both", tmp_path / "first"
    keys = generation(1)
    both.write_text(sign_note(text, keys.signers), encoding="utf-8")
    first.write_text(sign_note(text, [keys.log]), encoding="utf-8")
    one, two = (
        [item for key in given for item in ("--log", key.verifier.vkey)]
        for given in (keys.signers[:1], keys.signers)
    )
    for given, note, code in ((one, first, 0), (one, both, 0), (two, both, 0), (two, first, 1)):
        assert main(["pair", str(note), str(note), *given, "--lang", "zh"]) == code
    said = capsys.readouterr().out
    assert "没有为这一个签名（liuhen.example/log+" in said
    assert "ML-DSA-44" in said
    # Keys of two logs stand for none.
    assert main(["pair", str(both), str(both), *one, "--log", signer("x").verifier.vkey]) == 64


def test_a_statement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statement, entries = statement_on(sampled_log(), 10)
    mirror, file = tmp_path / "mirror", tmp_path / "statement"
    Mirror(mirror, LOG_KEY.verifier).follow(ShownLog(len(entries), entries))
    asked = ["statement", str(file), "--receipts", RECEIPT_KEY.verifier.vkey, "--log", LOG]
    asked += ["--mirror", str(mirror)]
    file.write_text(sign_sample_statement(statement, RECEIPT_KEY), encoding="utf-8")
    assert main([*asked, "--json"]) == 0
    found = printed(capsys)
    told = {"holds": True, "seed": "six", "population": 9, "clips": 3}
    assert {name: found[name] for name in told} == told
    assert main([*asked, "--lang", "en"]) == 0
    assert "every original is as admitted" in capsys.readouterr().out
    lie = replace(statement, seed="seven")
    file.write_text(sign_sample_statement(lie, RECEIPT_KEY), encoding="utf-8")
    assert main([*asked, "--lang", "zh"]) == 1
    assert capsys.readouterr().out.startswith("不成立\n")


def test_a_statement_that_says_what_is_wrong_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement, entries = statement_on(sampled_log(), 10)
    clips = (replace(statement.clips[0], verdict=Verdict.FAILED), *statement.clips[1:])
    bad = replace(statement, clips=clips, findings={"clip_object_digest": 1}, run=None)
    mirror, file = tmp_path / "mirror", tmp_path / "statement"
    Mirror(mirror, LOG_KEY.verifier).follow(ShownLog(len(entries), entries))
    file.write_text(sign_sample_statement(bad, RECEIPT_KEY), encoding="utf-8")
    asked = ["statement", str(file), "--receipts", RECEIPT_KEY.verifier.vkey, "--log", LOG]
    assert main([*asked, "--mirror", str(mirror), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "findings: 1, unchecked: 0, clips not held: 1" in said
    assert f"failed {clips[0].clip_id}" in said


HOSTILE = {
    "empty": b"",
    "zeros": bytes(5000),
    "no text": b"\xff\xfe\xed\xa0\x80" * 100,
    "a terminal's signs": b"liuhen sample v1\n\x1b[2J\x1b]0;x\x07\n\n" + b"\xe2\x80\x94 x AAAA\n",
    "brackets": b"liuhen receipt v1\n" + b"[" * 50_000 + b"\n\n",
    "signatures": b"x\n\n" + "— a AAAAAAAA\n".encode() * 500,
    "too long": b"c2sp.org/tlog-proof@v1\n" + b"A" * (1 << 21),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_do_not_hold_or_are_not_checked(
    mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    """Whatever somebody hands over, each command answers with its codes and prints none of it."""
    file, entry = tmp_path / "file", tmp_path / "entry"
    file.write_bytes(data)
    entry.write_bytes(data)
    receipts = ["--receipts", RECEIPT_KEY.verifier.vkey]
    for asked in (
        ["proof", str(file), "--entry", str(entry)],
        ["receipt", str(file), *receipts],
        ["pair", str(file), str(mirror / "checkpoint"), "--mirror", str(mirror)],
        ["statement", str(file), *receipts, "--mirror", str(mirror)],
    ):
        assert main([*asked, "--log", LOG]) in (1, 2), asked
        captured = capsys.readouterr()
        assert "\x1b" not in captured.out + captured.err
        assert captured.out + captured.err
    for name in ("checkpoint", "checkpoints/000000000300", "tile/0/000", "tile/entries/000"):
        kept = (mirror / name).read_bytes()
        (mirror / name).write_bytes(data)
        assert main(["mirror", str(mirror), "--log", LOG]) in (1, 2), name
        assert "\x1b" not in capsys.readouterr().out
        (mirror / name).write_bytes(kept)


def test_what_is_no_file_is_not_checked(mirror: Path, tmp_path: Path) -> None:
    """A pipe would be waited for, for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    receipts = ["--receipts", RECEIPT_KEY.verifier.vkey, "--log", LOG]
    for file in (pipe, tmp_path, tmp_path / "none"):
        assert main(["receipt", str(file), *receipts]) == 2
        assert main(["statement", str(file), *receipts, "--mirror", str(mirror)]) == 2
        assert main(["proof", str(file), "--entry", str(file), "--log", LOG]) == 2
        assert main(["pair", str(file), str(mirror / "checkpoint"), "--log", LOG]) == 2
