"""Timestamps from the command line: on demand, listed, in a bag, and checked by OpenSSL alone."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import bagit
import pytest

from api.app import create_app
from api.config import load_config
from api.services import open_services
from custody.bundles.timestamps import STAMP_COMMANDS
from custody.outside import cli as verify
from tests.integration.cli.conftest import NUMBER, Liuhen
from tests.services.authority import Authority, answering, make_authority
from tests.services.http_server import serving

CLOSED_PORT = "http://127.0.0.1:9/tsa"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [make_authority(folder / kind, kind, kind) for kind in ("rsa", "ecdsa")]


@pytest.fixture
def authorities(
    made: list[Authority],
    liuhen: Liuhen,
    footage: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[list[Authority]]:
    """Two that answer, named in the configuration of a home with something in its log."""
    assert liuhen("import", str(footage)).code == 0
    with ExitStack() as stack:
        for one in made:
            one.manner = "good"
            stack.enter_context(answering(one))
        write_list(home, made, monkeypatch)
        yield made


def write_list(home: Path, made: list[Authority], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    for one in made:
        shutil.copy(one.roots, home / f"{one.name}.pem")
        lines += ["[[authority]]", f'name = "{one.name}"', f'url = "{one.url}"']
        lines += [f'roots = "{one.name}.pem"']
    (home / "authorities.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("LIUHEN_TIMESTAMP_AUTHORITIES", "authorities.toml")


def test_every_authority_says_what_it_did(
    liuhen: Liuhen, authorities: list[Authority], home: Path
) -> None:
    done = liuhen("log", "stamp")
    assert done.code == 0, done
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["stamped", "rsa"],
        ["stamped", "ecdsa"],
    ]
    listed = liuhen("log", "stamps", "--json").json
    assert [one["name"] for one in listed["authorities"]] == ["rsa", "ecdsa"]
    assert listed["failing"] == []
    assert [one["authority"] for one in listed["stamps"]] == ["ecdsa", "rsa"]
    for one in listed["stamps"]:
        note = home / f"objects/log/checkpoints/{one['size']:012}"
        command = [
            "openssl",
            "ts",
            "-verify",
            "-data",
            note,
            "-in",
            home / "objects" / one["object"],
        ]
        command += ["-CAfile", home / f"{one['authority']}.pem"]
        assert subprocess.run(command, capture_output=True, check=True).stdout
    table = liuhen("log", "stamps")
    assert table.out.count("log/timestamps/") == 2
    assert "2 timestamps" in table.err
    report = liuhen("verify", "--all", "--json")
    assert (report.code, report.json["findings"]) == (0, [])
    assert "Timestamped" in liuhen("log", "show", "--kind", "log.stamped").out


def test_one_that_is_away_is_named_and_hinders_nothing(
    liuhen: Liuhen, authorities: list[Authority], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities[1].url = CLOSED_PORT
    write_list(home, authorities, monkeypatch)
    done = liuhen("log", "stamp")
    assert done.code == 2
    assert "stamped      rsa" in done.out
    assert "not stamped  ecdsa  can’t be reached" in done.out
    told = liuhen("log", "stamp", "--json")
    assert [(one["result"], one["trouble"]) for one in told.json] == [
        ("stamped", None),
        ("failed", "away"),
    ]
    listed = liuhen("log", "stamps")
    assert "ecdsa: can’t be reached; since 20" in listed.err
    assert "2 times" in listed.err
    assert "连不上" in liuhen("log", "stamps", "--lang", "zh").err
    assert liuhen("verify", "--all").code == 0


def test_one_that_is_asked_no_more_is_still_believed(
    liuhen: Liuhen, authorities: list[Authority], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert liuhen("log", "stamp").code == 0
    authorities[1].url = ""
    write_list(home, authorities, monkeypatch)
    assert [one["authority"] for one in liuhen("log", "stamp", "--json").json] == ["rsa"]
    assert liuhen("log", "verify").code == 0


def test_without_an_authority_it_says_what_to_do(liuhen: Liuhen, footage: Path) -> None:
    assert liuhen("import", str(footage)).code == 0
    done = liuhen("log", "stamp")
    assert done.code == 2
    assert "timestamp_authorities" in done.err
    done = liuhen("log", "stamps")
    assert done.code == 0
    assert "timestamp_authorities" in done.err


BAD_LISTS = {
    "no TOML": ("authority", "authorities.toml"),
    "no list": ("", "[[authority]]"),
    "a word too many": (
        '[[authority]]\nname="a"\nurl="http://a/"\nroots="r"\nx=1',
        "name, url and",
    ),
    "a name with a capital": ('[[authority]]\nname="NTSC"\nurl="http://a/"\nroots="r"', "a-z"),
    "no address": ('[[authority]]\nname="a"\nurl="a"\nroots="r"', "http://"),
    "a password": ('[[authority]]\nname="a"\nurl="http://u:p@a/"\nroots="r"', "http://"),
    "no roots": ('[[authority]]\nname="a"\nurl="http://a/"\nroots="gone.pem"', "gone.pem"),
    "other roots": ('[[authority]]\nname="a"\nurl="http://a/"\nroots="liuhen.toml"', "liuhen.toml"),
}


@pytest.mark.parametrize(("text", "said"), BAD_LISTS.values(), ids=list(BAD_LISTS))
def test_a_list_that_cant_be_used_is_refused_at_the_start(
    liuhen: Liuhen, home: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    (home / "authorities.toml").write_text(text)
    monkeypatch.setenv("LIUHEN_TIMESTAMP_AUTHORITIES", "authorities.toml")
    done = liuhen("log", "show")
    assert done.code == 2
    assert "list of time-stamping authorities can't be used" in done.err
    assert said in done.err


def test_the_same_name_twice_is_refused(
    liuhen: Liuhen, home: Path, made: list[Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in made:
        one.url = CLOSED_PORT
    write_list(home, [made[0], made[0]], monkeypatch)
    done = liuhen("log", "show")
    assert (done.code, "stands twice" in done.err) == (2, True)


def case_of(liuhen: Liuhen) -> str:
    clip_id: str = liuhen("clips", "list", "--json").json[0]["id"]
    liuhen("cases", "create", NUMBER, "--title", "占道经营")
    liuhen("cases", "link", NUMBER, clip_id, "--stage", "review")
    return clip_id


def test_a_bag_is_stamped_and_its_readme_checks_it_with_openssl_alone(
    liuhen: Liuhen, authorities: list[Authority], tmp_path: Path
) -> None:
    clip_id = case_of(liuhen)
    bag = tmp_path / "bag"
    assert liuhen("cases", "export", NUMBER, "-o", str(bag)).code == 0
    assert bagit.Bag(str(bag)).validate()
    data = bag / "data"
    assert (data / "README.txt").read_text(encoding="utf-8").count(STAMP_COMMANDS) == 2
    for name in ("rsa", "ecdsa"):
        commands = STAMP_COMMANDS.replace("<name>", name)
        done = subprocess.run(
            ["sh", "-ec", commands], cwd=data, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done
        assert "Verification: OK" in done.stdout
        assert "Time stamp: " in done.stdout
    # The proofs lead to the very checkpoint that is stamped, the newest entry of the clip too.
    size = int((data / "log/checkpoint").read_text(encoding="utf-8").split("\n")[1])
    history = liuhen("log", "show", "--item", f"clip:{clip_id}", "--json").json
    assert max(one["index"] for one in history if one["kind"] != "clip.exported") < size
    assert f'"tree_size": {size}' in (data / f"custody/{clip_id}.json").read_text(encoding="utf-8")
    checkpoint = data / "log/checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes() + b"\n")
    commands = STAMP_COMMANDS.replace("<name>", "rsa")
    done = subprocess.run(
        ["sh", "-ec", commands], cwd=data, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0


def test_a_bag_is_made_also_where_no_authority_answers(
    liuhen: Liuhen, authorities: list[Authority], home: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    case_of(liuhen)
    for one in authorities:
        one.url = CLOSED_PORT
    write_list(home, authorities, monkeypatch)
    bag = tmp_path / "bag"
    done = liuhen("cases", "export", NUMBER, "-o", str(bag))
    assert done.code == 0
    assert done.err.count("can’t be reached") == 2
    assert bagit.Bag(str(bag)).validate()
    assert not (bag / "data/log/timestamps").exists()


def test_a_bag_takes_no_timestamp_that_does_not_hold(
    liuhen: Liuhen, authorities: list[Authority], home: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Under the name of the first stand the roots of the second, since it was stamped."""
    case_of(liuhen)
    assert liuhen("log", "stamp").code == 0
    shutil.copy(home / "ecdsa.pem", home / "rsa.pem")
    bag = tmp_path / "bag"
    assert liuhen("cases", "export", NUMBER, "-o", str(bag)).code == 0
    assert [one.name for one in sorted((bag / "data/log/timestamps").glob("*.tsr"))] == [
        "ecdsa.tsr"
    ]


@pytest.fixture
def site(home: Path) -> Iterator[str]:
    """The service over the home, whose `/log` anybody may read."""
    with open_services(load_config(home)) as services, serving(create_app(services)) as address:
        yield f"{address}/log"


def test_a_mirror_over_the_network_has_the_timestamps_and_what_they_are_of(
    liuhen: Liuhen, authorities: list[Authority], home: Path, site: str, tmp_path: Path
) -> None:
    assert liuhen("log", "stamp").code == 0
    key = liuhen("log", "vkey").out.split()[0]
    mirror = tmp_path / "mirror"
    assert liuhen("log", "mirror", str(mirror), "--from", site, "--vkey", key).code == 0
    tokens = sorted(mirror.glob("timestamps/*/*.tsr"))
    assert [one.name for one in tokens] == ["ecdsa.tsr", "rsa.tsr"]
    for token in tokens:
        note = mirror / "checkpoints" / token.parent.name
        command = ["openssl", "ts", "-verify", "-data", note, "-in", token]
        command += ["-CAfile", home / f"{token.stem}.pem"]
        assert subprocess.run(command, capture_output=True, check=True).stdout
    assert verify.main(["mirror", str(mirror), "--log", key]) == 0
    # Another round copies nothing again, from the home itself too.
    again = liuhen("log", "mirror", str(mirror), "--json")
    assert (again.code, again.json["missing"]) == (0, [])


def test_a_mirror_takes_no_token_but_the_logged_one_and_names_one_that_is_gone(
    liuhen: Liuhen, authorities: list[Authority], home: Path, tmp_path: Path
) -> None:
    assert liuhen("log", "stamp").code == 0
    [token] = (home / "objects/log/timestamps").glob("*/rsa.tsr")
    [other] = (home / "objects/log/timestamps").glob("*/ecdsa.tsr")
    raw = token.read_bytes()
    token.chmod(0o600)
    token.write_bytes(other.read_bytes())
    done = liuhen("log", "mirror", str(tmp_path / "altered"))
    assert (done.code, "not the one that its entry names" in done.err) == (1, True)
    token.write_bytes(raw)
    other.unlink()
    done = liuhen("log", "mirror", str(tmp_path / "gone"))
    assert done.code == 0
    assert "a timestamp is missing: timestamps/" in done.err


def test_an_interval_is_at_least_an_hour(liuhen: Liuhen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUHEN_TIMESTAMP_INTERVAL_HOURS", "0")
    done = liuhen("log", "stamps")
    assert (done.code, "timestamp_interval_hours" in done.err) == (2, True)
