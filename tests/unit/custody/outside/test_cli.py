"""`liuhen-verify` as a person or a program calls it: words, objects, exit codes."""

import json
from pathlib import Path

import pytest

from custody.log.merkle import prove_inclusion
from custody.log.proof import LogProof
from custody.log.receipt import sign_receipt
from custody.outside.cli import main
from custody.outside.mirror import Mirror
from custody.outside.texts import LANGUAGES
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
