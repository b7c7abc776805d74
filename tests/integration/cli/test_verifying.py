"""Findings on the command line while they are found, an end in the middle, and samples."""

import io
from pathlib import Path

import pytest

from api.cli import verifying
from custody.log.note import NoteVerifier
from custody.log.sample_statement import open_sample_statement
from custody.outside.cli import main as liuhen_verify
from custody.verification import Finding, FindingCode, Progress, Report
from tests.integration.cli.conftest import Liuhen


@pytest.fixture
def archive(liuhen: Liuhen, footage: Path) -> Liuhen:
    """A home with two recordings."""
    assert liuhen("import", str(footage)).code == 0
    return liuhen


def originals(home: Path) -> list[Path]:
    return sorted(path for path in (home / "objects/originals").rglob("*") if path.is_file())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def interrupt_at(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Ctrl-C came when this phase tells how far it is."""

    def show(_: object, progress: Progress) -> None:
        if progress.phase == phase:
            raise KeyboardInterrupt

    monkeypatch.setattr(verifying._Line, "show", show)


def runs(liuhen: Liuhen) -> list[dict[str, object]]:
    shown = liuhen("log", "show", "--kind", "verification.run", "--item", "log", "--json").json
    return [one["facts"] for one in shown]


def test_an_interrupt_ends_with_what_was_found_and_is_remembered(
    archive: Liuhen, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(originals(home)[0])
    interrupt_at("bytes", monkeypatch)
    done = archive("verify")
    assert done.code == 2
    assert "✗ clip_object_digest" in done.out
    assert "interrupted" in done.err
    assert "all good" not in done.out
    assert "Traceback" not in done.err
    (facts,) = runs(archive)
    assert (facts["stopped"], facts["findings"]) == (True, 1)
    assert not {"unread", "coverage"} & facts.keys()
    report = archive("verify", "--json")
    assert report.code == 2
    assert (report.json["stopped"], report.json["finding_count"]) == (True, 1)


def test_an_interrupt_before_anything_was_found_leaves_no_entry(
    archive: Liuhen, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at("rows", monkeypatch)
    done = archive("verify")
    assert done.code == 2
    assert "all good" not in done.out
    assert runs(archive) == []
    interrupted = archive("verify", "--sample", "1", "--seed", "x")
    assert interrupted.code == 2
    assert "liuhen sample v1" not in interrupted.out


def test_what_was_found_is_recorded_though_nobody_reads_it(
    archive: Liuhen, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(originals(home)[0])

    def gone(*_: object) -> None:
        raise BrokenPipeError

    with monkeypatch.context() as patched:
        patched.setattr(verifying, "_print_finding", gone)
        with pytest.raises(io.UnsupportedOperation):  # what is captured has no pipe to close
            archive("verify")
    (facts,) = runs(archive)
    assert facts["findings"] == 1


def test_findings_are_printed_before_the_run_is_over(
    archive: Liuhen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_ends(*_: object, report: Report, **__: object) -> None:
        report.add(Finding(FindingCode.TILE_MISSING, "log/tile/0/000", "gone\x1b[2J"))
        raise KeyboardInterrupt

    monkeypatch.setattr(verifying, "verify_all", never_ends)
    done = archive("verify")
    assert done.out.startswith("✗ tile_missing")
    assert "gone␛[2J" in done.out
    assert done.code == 2


def test_a_sample_and_its_statement(archive: Liuhen, home: Path, tmp_path: Path) -> None:
    kept, statement, mirror = (tmp_path / name for name in ("kept", "statement", "mirror"))
    kept.write_text(archive("log", "checkpoint").out, encoding="utf-8")
    asked = ("verify", "--sample", "50%", "--seed", "4 6 1", "--against", str(kept))
    done = archive(*asked, "--per-officer", "-o", str(statement))
    assert done.code == 0
    assert "sample: 2 of 2 clips under the checkpoint of" in done.out
    assert "originals: 2 as admitted, 0 not, 0 could not be read" in done.out
    assert "every clip was read again at least once" in done.out
    printed = archive(*asked)
    assert "\nliuhen sample v1\n{" in printed.out
    assert archive(*asked, "--json").json["statement"].startswith("liuhen sample v1\n{")
    assert "choose the seed after that" in archive(*asked[:5]).err
    assert archive("log", "mirror", str(mirror)).code == 0
    keys = [str(home / "keys" / f"{name}.pub") for name in ("receipts", "log")]
    options = ["--receipts", keys[0], "--log", keys[1], "--mirror", str(mirror)]
    assert liuhen_verify(["statement", str(statement), *options, "--lang", "en"]) == 0
    verifiers = [NoteVerifier.parse(Path(key).read_text(encoding="utf-8").strip()) for key in keys]
    found, tree = open_sample_statement(statement.read_bytes(), *verifiers)
    assert (found.chosen, len(found.clips), found.coverage.clips) == (1, 2, 2)
    assert tree.size <= found.log_size
    assert archive("verify").code == 0


def test_a_copy_without_keys_signs_nothing(archive: Liuhen) -> None:
    done = archive("verify", "--sample", "1", "--seed", "x", "--read-only")
    assert done.code == 2
    assert "no statement" in done.err
    assert "all good" in done.out


def test_wrong_usage_of_samples(liuhen: Liuhen) -> None:
    for wrong in (
        ["--sample", "5%"],
        ["--seed", "x"],
        ["--sample", "0", "--seed", "x"],
        ["--sample", "5", "--seed", ""],
        ["--sample", "5", "--seed", "a\nb"],
        ["--sample", "5", "--seed", "x", "--all"],
        ["--sample", "5", "--seed", "x", "--clip", "y"],
        ["--per-officer"],
        ["-o", "file"],
        ["--sample", "5", "--seed", "x", "-o", "nowhere/file"],
    ):
        assert liuhen("verify", *wrong).code == 64, wrong


def test_a_sample_of_nothing(liuhen: Liuhen) -> None:
    done = liuhen("verify", "--sample", "5%", "--seed", "x", "--json")
    assert done.code == 0
    assert '"population":0' in done.json["statement"]
