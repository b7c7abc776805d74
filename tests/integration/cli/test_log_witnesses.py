"""`liuhen log witnesses`, `log checkpoint`: who cosigned what; and a policy that is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.config import load_config
from api.services import open_services
from custody.asked_states import Sort, note_failure
from custody.errors import WitnessAwayError
from custody.outside.cli import main as liuhen_verify
from custody.witnesses.asking import Asker, LogAsked, Trouble
from tests.integration.cli.conftest import Liuhen
from tests.services.witnesses import NearWitness, near_witness, policy_of


@pytest.fixture
def near(liuhen: Liuhen, home: Path, footage: Path, tmp_path: Path) -> Iterator[list[NearWitness]]:
    """A log with two witnesses, of whom both make the quorum; nobody has been asked yet."""
    assert liuhen("import", str(footage)).code == 0
    with open_services(load_config(home, environment={})) as services:
        log = services.keys.log.verifier
    with near_witness(tmp_path, "w0", log) as first, near_witness(tmp_path, "w1", log) as second:
        policy_of(home, [first, second], 2, log)
        yield [first, second]


def ask(home: Path, near: list[NearWitness], *numbers: int) -> None:
    with open_services(load_config(home, environment={})) as services:
        assert services.policy is not None
        verifier, origin = services.keys.log.verifier, services.config.origin
        log = LogAsked(services.database, services.store, services.clock, verifier, origin)
        for number in numbers:
            assert Asker(log, services.policy.asked[number], near[number].post).run_once()
        services.cosignatures.run_once()


def test_without_a_policy(liuhen: Liuhen) -> None:
    done = liuhen("log", "witnesses")
    assert (done.code, "no witness is named" in done.err) == (0, True)
    told = liuhen("log", "witnesses", "--json").json
    assert (told["named"], told["met"], told["cosigners"]) == (False, False, [])


def test_why_a_witness_did_not(liuhen: Liuhen, home: Path, near: list[NearWitness]) -> None:
    near[1].away = True
    with pytest.raises(WitnessAwayError):
        ask(home, near, 1)
    # Another process tells it.
    assert "w1: does not answer (since 20" in liuhen("log", "witnesses").err
    told = liuhen("log", "witnesses", "--json").json["cosigners"]
    assert [one["trouble"] for one in told] == [None, "away"]
    near[1].away = False
    ask(home, near, 1)
    told = liuhen("log", "witnesses", "--json").json["cosigners"]
    assert [one["failing_since"] for one in told] == [None, None]


def test_one_has_seen_another_history(liuhen: Liuhen, home: Path, near: list[NearWitness]) -> None:
    with open_services(load_config(home, environment={})) as services:
        now = services.clock.now()
        with services.database.write() as tx:
            note_failure(tx, Sort.WITNESS, near[0].name, now, Trouble.CONTRADICTS)
    told = liuhen("log", "witnesses")
    assert (told.code, "another history" in told.err) == (1, True)
    assert liuhen("log", "witnesses", "--json").code == 1


def test_who_cosigned_what(liuhen: Liuhen, home: Path, near: list[NearWitness]) -> None:
    ask(home, near, 0)
    done = liuhen("log", "witnesses")
    assert "not yet witnessed" in done.err
    heads, first, second = (line.split("\t") for line in done.out.splitlines())
    assert heads == ["cosigned by", "as", "up to", "received", "behind since"]
    told = liuhen("log", "witnesses", "--json").json
    size = told["size"]
    assert first[:3] + first[4:] == ["w0", "witness", str(size), ""]
    assert second[:4] == ["w1", "witness", "–", ""]
    assert second[4]
    assert (told["met"], told["witnessed"]) == (False, 0)
    assert liuhen("log", "checkpoint", "--json").json["cosignatures"] == []
    ask(home, near, 1)
    told = liuhen("log", "witnesses", "--json").json
    assert (told["met"], told["witnessed"], told["unwitnessed_since"]) == (True, size, None)
    shown = liuhen("log", "checkpoint", "--json").json
    assert shown["witnessed"] is True
    assert [one["name"] for one in shown["cosignatures"]] == ["w0", "w1"]
    note = liuhen("log", "checkpoint").out
    assert [line.split(" ")[1] for line in note.splitlines()[-2:]] == ["w0", "w1"]
    done = liuhen("log", "witnesses", "--lang", "zh")
    assert f"已见证：{size} 条" in done.err
    assert "见证方" in done.out
    # What others signed is taken by whatever reads the pointer.
    assert liuhen("verify").code == 0
    assert liuhen("log", "prove", "0", "-o", str(home / "0.tlog-proof")).code == 0
    assert liuhen("log", "mirror", str(home / "mirror")).code == 0


@pytest.mark.parametrize("command", [("verify",), ("log", "witnesses"), ("clips", "list")])
def test_a_policy_that_can_not_be_read_is_said_by_its_line(
    liuhen: Liuhen, home: Path, command: tuple[str, ...]
) -> None:
    (home / "witnesses.policy").write_text("# ours\nquorum nobody\n")
    for language, words in (("en", "mend the line"), ("zh", "指定见证方的策略文件无法使用")):
        done = liuhen(*command, "--lang", language)
        assert done.code == 2
        assert words in done.err
        assert "line 2" in done.err
        assert "Traceback" not in done.err


def test_a_policy_that_is_named_must_be_there(
    liuhen: Liuhen, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUHEN_WITNESS_POLICY", "others.policy")
    done = liuhen("log", "witnesses")
    assert done.code == 2
    assert str(home / "others.policy") in done.err
    (home / "others.policy").write_text("quorum none\n")
    assert liuhen("log", "witnesses").code == 0


def test_a_mirror_has_what_was_cosigned_before_the_quorum_is_met(
    liuhen: Liuhen, home: Path, near: list[NearWitness], tmp_path: Path
) -> None:
    ask(home, near, 0)
    folder, other = tmp_path / "mirror", tmp_path / "other"
    assert liuhen("log", "mirror", str(folder), "--json").json["cosignatures"] == 1
    # The second comes late, and with the next turn of the mirror.
    ask(home, near, 1)
    again = liuhen("log", "mirror", str(folder), "--json").json
    assert (again["old_size"], again["cosignatures"]) == (again["size"], 1)
    key, served = liuhen("log", "vkey").out.split()[0], home / "objects/log"
    policy = home / "witnesses.policy"
    asked = ("log", "mirror", str(other), "--from", str(served), "--vkey", key)
    assert liuhen(*asked, "--json").json["cosignatures"] == 0
    assert liuhen(*asked, "--policy", str(policy), "--json").json["cosignatures"] == 2
    for mirror in (folder, other):
        assert liuhen_verify(["mirror", str(mirror), "--log", key, "--policy", str(policy)]) == 0
    assert liuhen(*asked, "--policy", str(home / "keys/log.pub")).code == 64
