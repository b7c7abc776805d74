"""The commands one after another, as a person would use them."""

import json
import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import bagit
import pytest

from api.cli import shell
from api.config import load_config
from api.services import open_services
from custody.bundles.readme import COMMANDS, DIGESTS
from custody.clips import assign_clip
from custody.publishing.publisher import LOG_LOCK
from custody.publishing.sequencer import newest_pending
from ingest.admission import Admission
from storage.errors import StoreFullError
from tests.integration.cli.conftest import NUMBER, Liuhen
from tests.services.custody import ALICE


def test_home_is_made_once_with_private_keys(liuhen: Liuhen, home: Path) -> None:
    again = liuhen("init")
    assert again.code == 0
    assert "already there" in again.out
    for key in home.glob("keys/*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    events = liuhen("log", "show", "--json").json
    assert [event["kind"] for event in events].count("key.announced") == 1


def test_import_list_show(liuhen: Liuhen, footage: Path) -> None:
    (footage / "empty.mp4").touch()
    (footage / "evil\n\x1b[2J.mp4").write_bytes(b"three")
    done = liuhen("import", str(footage), "--json")
    assert done.code == 2  # the empty file
    assert sorted(one["outcome"] for one in done.json) == ["archived"] * 3 + ["refused"]
    again = liuhen("import", str(footage), "--json")
    assert sorted(one["outcome"] for one in again.json) == ["known"] * 3 + ["refused"]

    (footage / "copy.mp4").write_bytes(b"three")
    (footage / "link.mp4").symlink_to(footage / "copy.mp4")
    os.mkfifo(footage / "pipe.mp4")
    told = liuhen("import", str(footage))
    assert "5 files: 0 new, 4 already here (same content), 1 refused, 2 skipped" in told.err
    assert re.search(r"skipped +\S*link.mp4 .*symbolic link", told.out)
    assert re.search(r"skipped +\S*pipe.mp4 .*pipe", told.out)

    clips = liuhen("clips", "list", "--json").json
    assert len(clips) == 3
    wanted = {
        "id", "sha256", "sm3", "name", "size_bytes", "recorded_at", "officer", "recorder", "state",
        "reason",
    }  # fmt: skip
    assert wanted <= clips[0].keys()
    marked = next(clip for clip in clips if clip["important"])
    assert (marked["officer"], marked["recorded_at"]) == ("000001", "2026-11-20T02:00:00Z")
    assert (marked["recorded_at_source"], marked["recorder_clock_at"]) == (
        "recorder",
        "2026-11-20T02:00:00Z",
    )
    for typed in ("JX0227", "jx0227", "ＪＸ０２２７"):
        assert len(liuhen("clips", "list", "--officer", typed, "--json").json) == 1
    assert len(liuhen("clips", "list", "--from", "2026-11-20T09:50", "--json").json) == 1

    table = liuhen("clips", "list").out
    assert "evil␊␛[2J.mp4" in table
    assert "\x1b" not in table
    shown = liuhen("clips", "show", marked["sha256"][:12], "--json").json
    assert shown["id"] == marked["id"]
    assert shown["history"][0]["kind"] == "clip.admitted"
    assert liuhen("clips", "show", "nothing").code == 2
    assert liuhen("clips", "list", "--from", "yesterday").code == 64


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize("typed", ["2026-99-99", "yesterday", "", "0001-01-01T00:00+23:00"])
def test_a_day_that_is_none_lists_nothing(liuhen: Liuhen, option: str, typed: str) -> None:
    told = liuhen("clips", "list", option, typed)
    assert told.code == 64
    assert told.out == ""
    assert f"Invalid value for {option}: “{typed}” is no time" in told.err
    assert "2026-11-22" in told.err


def test_a_state_that_is_none_lists_nothing(liuhen: Liuhen) -> None:
    told = liuhen("clips", "list", "--state", "xyz")
    assert told.code == 64
    assert told.out == ""
    assert "quarantined" in told.err


def test_case_from_creation_to_bag(liuhen: Liuhen, footage: Path, tmp_path: Path) -> None:
    liuhen("import", str(footage))
    clips = liuhen("clips", "list", "--json").json
    assert (
        liuhen("cases", "create", "零城执罚决字[2026]012号", "--title", "占道经营", "--date",
               "2026-11-20", "--officer", "JX0227=0012").code == 0
    )  # fmt: skip
    assert liuhen("cases", "create", NUMBER, "--title", "again").code == 2
    for clip in clips:
        assert liuhen("cases", "link", NUMBER, clip["id"], "--stage", "investigation").code == 0
    assert liuhen("cases", "unlink", NUMBER, clips[1]["sha256"]).code == 0
    assert [case["clip_count"] for case in liuhen("cases", "list", "--json").json] == [1]
    shown = liuhen("cases", "show", NUMBER, "--json").json
    assert [clip["id"] for clip in shown["clips"]] == [clips[0]["id"]]
    assert liuhen("verify", "--case", NUMBER).code == 0

    bag = tmp_path / "bag"
    done = liuhen("cases", "export", NUMBER, "-o", str(bag), "--json")
    assert done.code == 0
    assert bagit.Bag(str(bag)).validate()
    custody = (bag / f"data/custody/{clips[0]['id']}.json").read_text(encoding="utf-8")
    assert '"proof"' in custody
    assert "liuhen receipt v1" in custody
    exported = liuhen("log", "show", "--kind", "case.exported", "--json").json[0]
    assert exported["facts"]["tagmanifest_sha256"] == done.json["tagmanifest_sha256"]
    shown = liuhen("clips", "show", clips[0]["id"]).out
    assert re.search(rf"\tCopied out in a bag\t{re.escape(NUMBER)}\t[^\t]+\t\tDone\n", shown), shown
    assert liuhen("cases", "export", NUMBER, "-o", str(bag)).code == 2  # it is there already
    assert liuhen("verify").code == 0


def test_what_people_read_is_in_their_own_words(
    liuhen: Liuhen, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUHEN_LANGUAGE", "zh")
    liuhen("import", str(footage))
    again = tmp_path / "again"
    again.mkdir()
    original = next(footage.glob("TA00716*"))
    (again / "另一个名字.MOV").write_bytes(original.read_bytes())
    liuhen("import", str(again))
    clip = next(one for one in liuhen("clips", "list", "--json").json if one["officer"] == "JX0227")
    liuhen("cases", "create", NUMBER, "--title", "占道经营", "--procedure", "summary", "--date",
           "2026-11-20", "--party", "王某", "--officer", "JX0227=0012", "--officer",
           "JX0228")  # fmt: skip
    liuhen("cases", "link", NUMBER, clip["id"], "--stage", "investigation")

    shown = liuhen("clips", "show", clip["id"]).out
    rows = dict(line.split("\t") for line in shown.split("\n\n")[0].splitlines())
    assert rows["关联案件"] == f"{NUMBER} (调查取证)"
    assert rows["另有文件名"].startswith("另一个名字.MOV (20")
    admitted = datetime.fromisoformat(clip["admitted_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert rows["入库时间"] == admitted.strftime("%Y-%m-%d %H:%M:%S")
    for text in (shown, liuhen("log", "show").out):
        assert {"入库", "另有文件名", "关联案件"} <= set(re.split(r"[\t\n]", text))
        assert "clip.admitted" not in text
        assert "\tok" not in text
    assert "clip.admitted" in liuhen("log", "show", "--json").out

    item = ("log", "show", "--item", f"clip:{clip['id']}", "--json")
    history = liuhen(*item).json
    assert [event["item_seq"] for event in history] == [*range(len(history))]
    assert liuhen(*item, "--limit", "2").json == history[-2:]
    named = [event for event in history if event["kind"] == "clip.named"]
    assert liuhen(*item, "--kind", "clip.named").json == named
    assert len(named) == 1
    early = [event for event in history if event["index"] < named[0]["index"]]
    assert liuhen(*item, "--before", str(named[0]["index"])).json == early

    case = liuhen("cases", "show", NUMBER).out
    for words in (
        "简易程序",
        "王某",
        "2026-11-20",
        "JX0227（执法证号 0012）",
        "JX0228（未填执法证号）",
        "调查取证",
    ):
        assert words in case, words
    assert "summary" not in case
    assert "investigation" not in case


def test_the_digests_in_a_bag_are_computed_as_its_readme_says(
    liuhen: Liuhen, footage: Path, tmp_path: Path
) -> None:
    liuhen("import", str(footage))
    clip = liuhen("clips", "list", "--json").json[0]
    liuhen("cases", "create", NUMBER, "--title", "占道经营")
    liuhen("cases", "link", NUMBER, clip["id"], "--stage", "review")
    bag = tmp_path / "bag"
    assert liuhen("cases", "export", NUMBER, "-o", str(bag)).code == 0
    readme = (bag / "data" / "README.txt").read_text(encoding="utf-8")
    assert readme.count(DIGESTS) == 2
    said = json.loads((bag / "data" / f"custody/{clip['id']}.json").read_text())
    digests = subprocess.check_output(["sh", "-c", DIGESTS], cwd=bag / "data", text=True)
    assert said["sha256"] in digests
    assert said["sm3"] in digests
    manifest = "sha256sum -c manifest-sha256.txt"
    assert readme.count(f"     {manifest}\n") == 2
    assert subprocess.run(["sh", "-c", manifest], cwd=bag, check=True, capture_output=True).stdout


def test_a_receipt_in_a_bag_is_checked_as_its_readme_says(
    liuhen: Liuhen, footage: Path, tmp_path: Path
) -> None:
    liuhen("import", str(footage))
    clip_id = liuhen("clips", "list", "--json").json[0]["id"]
    liuhen("cases", "create", NUMBER, "--title", "占道经营")
    liuhen("cases", "link", NUMBER, clip_id, "--stage", "review")
    assert liuhen("cases", "export", NUMBER, "-o", str(tmp_path / "bag")).code == 0
    data = tmp_path / "bag" / "data"
    assert (data / "README.txt").read_text(encoding="utf-8").count(COMMANDS) == 2

    def check() -> subprocess.CompletedProcess[str]:
        commands = COMMANDS.replace("<id>", clip_id)
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        return subprocess.run(
            ["sh", "-c", commands],
            cwd=data, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    good = check()
    assert (good.returncode, "Signature Verified Successfully" in good.stdout) == (0, True), good
    receipt = data / f"receipts/{clip_id}.txt"
    text = receipt.read_text(encoding="utf-8")
    receipt.write_text(text.replace('"size_bytes":', '"size_bytes":1', 1), encoding="utf-8")
    bad = check()
    assert bad.returncode != 0
    assert "Verified Successfully" not in bad.stdout


def test_a_receipt_of_before_the_keys_changed_is_checked_with_those_beside(
    liuhen: Liuhen, footage: Path, tmp_path: Path
) -> None:
    liuhen("import", str(footage))
    clip_id = liuhen("clips", "list", "--json").json[0]["id"]
    liuhen("cases", "create", NUMBER, "--title", "占道经营")
    liuhen("cases", "link", NUMBER, clip_id, "--stage", "review")
    assert liuhen("cases", "export", NUMBER, "-o", str(tmp_path / "before")).code == 0
    assert liuhen("log", "rotate-key", "--yes").code == 0
    assert liuhen("log", "retire-key", "--now", "stolen", "--yes").code == 0
    assert liuhen("cases", "export", NUMBER, "-o", str(tmp_path / "bag")).code == 0
    data = tmp_path / "bag" / "data"
    assert sorted(path.name for path in (data / "log").glob("*.vkey")) == [
        *("log-ml-dsa.1.vkey", "log-ml-dsa.vkey", "log.1.vkey", "log.vkey"),
        *("receipts.1.vkey", "receipts.vkey"),
    ]
    # The very receipt of before: by the key of its time, and by no other.
    receipt = data / f"receipts/{clip_id}.txt"
    before = tmp_path / "before" / "data" / f"receipts/{clip_id}.txt"
    assert receipt.read_bytes() == before.read_bytes()
    for key, code in (("receipts.vkey", 1), ("receipts.1.vkey", 0)):
        commands = COMMANDS.replace("<id>", clip_id).replace("receipts.vkey", key)
        done = subprocess.run(["sh", "-c", commands], cwd=data, capture_output=True, check=False)
        assert (done.returncode != 0) == bool(code), done


def test_a_case_without_clips_is_not_exported_and_says_what_to_do(
    liuhen: Liuhen, footage: Path, tmp_path: Path
) -> None:
    liuhen("import", str(footage))
    clip = liuhen("clips", "list", "--json").json[0]
    liuhen("cases", "create", NUMBER, "--title", "x")
    # Neither one that never had clips, nor one that has none any more.
    for commands in ((), ("link", "unlink")):
        for name in commands:
            stage = ["--stage", "review"] if name == "link" else []
            assert liuhen("cases", name, NUMBER, clip["id"], *stage).code == 0
        before = sorted(one.name for one in tmp_path.iterdir())
        done = liuhen("cases", "export", NUMBER, "-o", str(tmp_path / "bag"))
        assert done.code == 2
        assert NUMBER in done.err
        assert "liuhen cases link" in done.err
        assert sorted(one.name for one in tmp_path.iterdir()) == before
    assert liuhen("log", "show", "--kind", "case.exported", "--json").json == []


def test_a_folder_that_holds_something_is_refused_in_the_readers_language(
    liuhen: Liuhen, footage: Path
) -> None:
    liuhen("import", str(footage))
    clip = liuhen("clips", "list", "--json").json[0]
    liuhen("cases", "create", NUMBER, "--title", "x")
    liuhen("cases", "link", NUMBER, clip["id"], "--stage", "review")
    before = sorted(one.name for one in footage.iterdir())
    for language, said in (
        ("zh", "已经存在，而且不是空的"),
        ("en", "is there already and not empty"),
    ):
        done = liuhen("cases", "export", NUMBER, "-o", str(footage), "--lang", language)
        assert done.code == 2
        assert f"{footage} {said}" in done.err
    assert sorted(one.name for one in footage.iterdir()) == before


def test_an_officer_given_twice_is_refused(liuhen: Liuhen) -> None:
    twice = ("--officer", "JX0227=0012", "--officer", " JX0227=0013")
    refused = liuhen("cases", "create", NUMBER, "--title", "x", *twice)
    assert (refused.code, "JX0227 is given twice" in refused.err) == (64, True)
    assert liuhen("cases", "list", "--json").json == []
    liuhen("cases", "create", NUMBER, "--title", "x")
    assert liuhen("cases", "edit", NUMBER, *twice).code == 64
    assert liuhen("cases", "edit", NUMBER, "--officer", "JX0227", "--officer", "jx0227").code == 64
    hidden = liuhen("cases", "edit", NUMBER, "--officer", "JX0227\u202e")
    assert (hidden.code, "JX0227U+202E" in hidden.err) == (2, True)
    listed = liuhen("cases", "edit", NUMBER, "--officer", "JX0227、JX0311")
    assert (listed.code, "JX0227、JX0311" in listed.err) == (2, True)
    assert liuhen("cases", "show", NUMBER, "--json").json["officers"] == []
    liuhen("cases", "edit", NUMBER, "--officer", "ｊx0227=0012")
    for typed in ("jx0227", "JX0227"):
        found = liuhen("cases", "list", "--officer", typed, "--json").json
        assert [one["officers"] for one in found] == [
            [{"officer": "JX0227", "certificate_number": "0012"}]
        ]


def test_a_case_is_edited_field_by_field(liuhen: Liuhen) -> None:
    mistyped = "零城执罚决字〔2026〕第21号"
    liuhen("cases", "create", mistyped, "--title", "占道经营", "--date", "2026-11-20", "--party",
           "王某", "--officer", "JX0227=0012", "--officer", "JX0228")  # fmt: skip
    assert liuhen("cases", "edit", mistyped).code == 64
    assert liuhen("cases", "edit", mistyped, "--date", "yesterday").code == 64
    assert liuhen("cases", "edit", mistyped, "--date", "9999-12-31").code == 64
    assert liuhen("cases", "create", NUMBER, "--title", "x", "--date", "0001-01-01").code == 64
    ahead = liuhen("cases", "create", NUMBER, "--title", "x", "--date", "2098-01-01")
    assert (ahead.code, "more than a day from now" in ahead.err) == (2, True)
    assert liuhen("cases", "edit", mistyped, "--date", "2098-01-01").code == 2
    assert liuhen("cases", "edit", mistyped, "--title", " ").code == 64
    for title in ("", " ", "\u3000", "\u200b"):
        refused = liuhen("cases", "create", NUMBER, "--title", title)
        assert (refused.code, "A case needs a matter" in refused.err) == (2, True)
    assert "A case needs a matter" in liuhen("cases", "edit", mistyped, "--title", "\u200b").err
    assert liuhen("cases", "edit", NUMBER, "--title", "x").code == 2
    assert liuhen("cases", "edit", mistyped, "--number", "12").code == 2
    nothing = liuhen("cases", "edit", mistyped, "--title", "占道经营", "--officer", "JX0228",
                     "--officer", "JX0227=0012")  # fmt: skip
    assert (nothing.code, "nothing to change" in nothing.out) == (0, True)
    assert liuhen("log", "show", "--kind", "case.changed", "--json").json == []

    done = liuhen("cases", "edit", mistyped, "--number", "零城执罚决字[2026]012", "--title",
                  "无照经营", "--json")  # fmt: skip
    assert (done.json["number"], done.json["changed"]) == (NUMBER, ["number", "title"])
    assert (done.json["party"], done.json["occurred_on"]) == ("王某", "2026-11-20")
    assert len(done.json["officers"]) == 2
    assert liuhen("cases", "show", mistyped).code == 2
    for option, value in (("--party", ""), ("--date", ""), ("--officer", "")):
        assert liuhen("cases", "edit", NUMBER, option, value).code == 0
    shown = liuhen("cases", "show", NUMBER, "--json").json
    assert (shown["party"], shown["occurred_on"], shown["officers"]) == (None, None, [])
    said = liuhen("cases", "edit", NUMBER, "--procedure", "summary", "--officer", "JX0227=0013")
    assert said.out.strip() == f"changed: {NUMBER} (procedure officers)"
    liuhen("cases", "create", mistyped, "--title", "another")
    taken = liuhen("cases", "edit", mistyped, "--number", NUMBER)
    assert (taken.code, "exists already" in taken.err) == (2, True)

    newest = liuhen("log", "show", "--kind", "case.changed", "--json").json[0]
    assert newest["facts"]["changed"] == ["procedure", "officers"]
    assert newest["details"]["officers"] == [{"officer": "JX0227", "certificate_number": "0013"}]
    assert liuhen("verify", "--all").code == 0
    assert liuhen("verify", "--case", NUMBER).code == 0


def test_a_time_set_by_hand_is_shown_as_that(liuhen: Liuhen, footage: Path, home: Path) -> None:
    liuhen("import", str(footage))
    clip = liuhen("clips", "list", "--officer", "JX0227", "--json").json[0]
    typed = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)
    with (
        open_services(load_config(home)) as services,
        services.database.write() as tx,
    ):
        assign_clip(tx, services.ledger, ALICE, clip["id"], "JX0227", "TA00716", typed)
    liuhen("cases", "create", NUMBER, "--title", "x")
    liuhen("cases", "link", NUMBER, clip["id"], "--stage", "review")
    for command in (("clips", "list"), ("clips", "show", clip["id"]), ("cases", "show", NUMBER)):
        assert "2026-11-19 09:00:00 (set by hand)" in liuhen(*command).out, command
    assert "recorder's clock\t2026-11-20 09:36:21" in liuhen("clips", "show", clip["id"]).out
    shown = liuhen("clips", "show", clip["id"], "--json").json
    assert (shown["recorded_at"], shown["recorded_at_source"], shown["recorder_clock_at"]) == (
        "2026-11-19T01:00:00Z",
        "hand",
        "2026-11-20T01:36:21Z",
    )
    assert liuhen("verify", "--all").code == 0


def test_altered_original_is_not_exported(
    liuhen: Liuhen, footage: Path, home: Path, tmp_path: Path
) -> None:
    liuhen("import", str(footage))
    clip = liuhen("clips", "list", "--json").json[0]
    liuhen("cases", "create", NUMBER, "--title", "x")
    liuhen("cases", "link", NUMBER, clip["id"], "--stage", "review")
    path = next((home / "objects" / "originals").rglob(clip["sha256"]))
    path.chmod(0o600)
    path.write_bytes(b"x" * clip["size_bytes"])
    done = liuhen("cases", "export", NUMBER, "-o", str(tmp_path / "bag"))
    assert done.code == 1  # the evidence is not what was admitted
    assert clip["id"] in done.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["footage", "home"]


def test_people_stations_and_keys(liuhen: Liuhen) -> None:
    added = liuhen("users", "add", "alice", "--role", "legal", "--json").json
    assert added["one_time_password"]
    assert liuhen("users", "add", "alice", "--role", "admin").code == 2
    assert [user["name"] for user in liuhen("users", "list", "--json").json] == ["alice"]
    assert liuhen("stations", "enrol-token", "一号站", "--json").json["token"]
    nameless = liuhen("stations", "enrol-token", "")
    assert nameless.code == 2
    assert nameless.err.strip() == "liuhen: A station's name has 1 to 128 readable characters."
    assert "采集站名称为 1 到 128 个可见字符" in (
        liuhen("stations", "enrol-token", "", "--lang", "zh").err
    )
    assert liuhen("stations", "list", "--json").json == []
    assert liuhen("stations", "list", "--lang", "zh").out.split() == ["名称", "编号", "最近联系"]
    keys = liuhen("log", "vkey", "--json").json
    assert keys["log"].startswith("liuhen.local/custody+")
    checkpoint = liuhen("log", "checkpoint", "--json").json
    assert checkpoint["note"].startswith("liuhen.local/custody\n")
    assert liuhen("log", "verify").code == 0


def test_verification_is_an_entry(liuhen: Liuhen) -> None:
    assert liuhen("verify", "--all", "--json").json["good"] is True
    run = liuhen("log", "show", "--kind", "verification.run", "--json").json[0]
    assert run["facts"]["findings"] == 0
    assert run["actor"]["role"] == "operator"


def test_reader_that_goes_away(liuhen: Liuhen, home: Path) -> None:
    for _ in range(3):
        liuhen("log", "show")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "api.cli.main", "log", "show", "--home", str(home)],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_database_that_is_none_can_not_be_checked(liuhen: Liuhen, home: Path) -> None:
    for name in ("liuhen.db", "liuhen.db-wal", "liuhen.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "liuhen.db").write_bytes(b"this is no database" * 1000)
    done = liuhen("verify")
    assert done.code == 2
    assert "database" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages(liuhen: Liuhen, language: str) -> None:
    done = liuhen("verify", "--lang", language)
    assert ("all good" in done.out) == (language == "en")


def test_a_lost_password_is_replaced(liuhen: Liuhen) -> None:
    first = liuhen("users", "add", "alice", "--role", "legal", "--json").json
    again = liuhen("users", "reset-password", "alice", "--json").json
    assert again["id"] == first["id"]
    assert again["one_time_password"] not in {"", first["one_time_password"]}
    said = liuhen("users", "reset-password", "alice").out
    assert "new one-time password for alice" in said
    assert liuhen("users", "reset-password", "nobody").code == 2
    changes = liuhen("log", "show", "--kind", "user.changed", "--json").json
    assert [one["facts"]["what"] for one in changes] == ["one_time_password"] * 2
    assert liuhen("verify").code == 0


def test_every_command_publishes_what_it_appended(liuhen: Liuhen, footage: Path) -> None:
    liuhen("import", str(footage))
    assert liuhen("verify").code == 0
    report = liuhen("log", "verify", "--json").json
    # The entry of the run before is numbered and signed; that of this one comes after its report.
    assert (report["pending"], report["unpublished"]) == (0, 0)
    liuhen("clips", "list")
    liuhen("clips", "show", "nothing")
    kinds = [event["kind"] for event in liuhen("log", "show", "--json").json]
    assert kinds[:3] == ["clips.listed", "verification.run", "verification.run"]
    report = liuhen("log", "verify", "--json").json
    assert (report["pending"], report["unpublished"]) == (0, 0)


def test_what_cannot_be_published_is_told_and_what_was_done_stands(
    liuhen: Liuhen, home: Path
) -> None:
    (home / "keys" / "signer-state.json").write_text("{")
    done = liuhen("users", "add", "alice", "--role", "legal", "--json")
    assert done.code == 0
    assert done.json["one_time_password"]
    assert "could not be published" in done.err


def test_a_command_outlasts_another_that_is_publishing(
    liuhen: Liuhen, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_services(load_config(home)) as services:
        held = services.database.exclusive(LOG_LOCK)
        held.__enter__()
        monkeypatch.setattr(shell.time, "sleep", lambda s: s and held.__exit__(None, None, None))
        assert liuhen("users", "add", "alice", "--role", "legal").code == 0
        with services.database.read() as tx:
            assert newest_pending(tx) is None


def test_a_list_that_is_cut_says_of_how_many(liuhen: Liuhen, footage: Path) -> None:
    assert liuhen("import", str(footage)).code == 0
    for number in ("1", "2", "3"):
        assert (
            liuhen("cases", "create", f"零城执罚决字〔2026〕第{number}号", "--title", "x").code == 0
        )
    cut = liuhen("clips", "list", "--limit", "1")
    assert cut.out.splitlines()[0].split("\t")[:2] == ["id", "name"]
    assert len(cut.out.splitlines()) == 2
    assert cut.err.strip() == "1 of 2 clips"
    assert "共 2 条，列出 1 条" in liuhen("clips", "list", "--limit", "1", "--lang", "zh").err
    assert liuhen("clips", "list").err.strip() == "2 clips"
    assert liuhen("cases", "list", "--limit", "2").err.strip() == "2 of 3 cases"
    assert liuhen("cases", "list").err.strip() == "3 cases"
    entries = liuhen("log", "show", "--limit", "1").err.split()
    assert entries[:2] == ["1", "of"]
    assert int(entries[2]) > 5
    created = liuhen("log", "show", "--kind", "case.created", "--limit", "2")
    assert created.err.strip() == "2 of 3 entries"


def test_what_was_imported_before_the_store_failed_is_told_in_one_document(
    liuhen: Liuhen, footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = Admission.admit
    admitted = []

    def admit_one(*arguments: Any, **named: Any) -> Any:
        if admitted:
            raise StoreFullError("full")
        admitted.append(1)
        return admit(*arguments, **named)

    monkeypatch.setattr(Admission, "admit", admit_one)
    done = liuhen("import", str(footage), "--json")
    assert done.code == 2
    assert [one["outcome"] for one in done.json] == ["archived"]
    assert "no room left" in done.err


def test_a_link_named_by_hand_is_not_passed_over_in_silence(liuhen: Liuhen, footage: Path) -> None:
    link = footage.parent / "link.mp4"
    link.symlink_to(next(footage.glob("*.mp4")))
    done = liuhen("import", str(link))
    assert done.code == 2
    assert "symbolic link" in done.out
    assert "all that was named was skipped" in done.err
    as_json = liuhen("import", str(link), "--json")
    assert (as_json.code, [one["outcome"] for one in as_json.json]) == (2, ["skipped"])
    assert liuhen("import", str(link), str(footage)).code == 0


def test_the_archive_s_own_home_is_no_evidence(liuhen: Liuhen, home: Path, footage: Path) -> None:
    (home / "footage").symlink_to(footage)
    done = liuhen("import", str(home), str(home / "keys" / "log.key"), str(footage), "--json")
    assert done.code == 0
    assert [one["outcome"] for one in done.json] == ["skipped", "skipped", "archived", "archived"]
    assert "keys in it" in done.json[0]["reason"]
    chinese = liuhen("import", str(home), "--lang", "zh")
    assert "这是本软件自己的文件夹" in chinese.out
    assert [
        clip["name"] for clip in liuhen("clips", "list", "--json").json if "key" in clip["name"]
    ] == []
