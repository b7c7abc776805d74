"""`liuhen log rotate-key` and `retire-key`, as somebody at the machine calls them."""

from pathlib import Path

from tests.integration.cli.conftest import Liuhen


def signatures(liuhen: Liuhen) -> int:
    return len(liuhen("log", "checkpoint").out.partition("\n\n")[2].splitlines())


def test_nobody_changes_keys_by_accident(liuhen: Liuhen, home: Path) -> None:
    for command in ("rotate-key", "retire-key"):
        assert liuhen("log", command, "--json").code in {0, 2}
    assert "not confirmed" in liuhen("log", "rotate-key", "--json").err
    assert not list((home / "keys").glob("*-2.*"))
    nothing = liuhen("log", "retire-key", "--yes")
    assert (nothing.code, "no old keys" in nothing.out) == (0, True)


def test_the_keys_are_changed_with_overlap(liuhen: Liuhen, home: Path) -> None:
    old = liuhen("log", "vkey").out
    begun = liuhen("log", "rotate-key", "--yes", "--json")
    assert begun.code == 0, begun.err
    assert begun.json["begun"]
    assert begun.json["follows"] == old.split()[0]
    again = liuhen("log", "rotate-key", "--yes")
    assert "a change is under way" in again.out
    assert begun.json["log"] in again.out
    assert signatures(liuhen) == 4
    early = liuhen("log", "retire-key", "--yes")
    assert early.code == 2
    assert "may be ended from" in early.err
    assert "才能停用" in liuhen("log", "retire-key", "--yes", "--lang", "zh").err
    assert liuhen("log", "retire-key", "--yes", "--now", " ").code == 2
    assert (home / "keys/log.key").exists()
    ended = liuhen("log", "retire-key", "--yes", "--now", "密钥失窃", "--json")
    assert ended.code == 0, ended.err
    assert ended.json == {"retired": [old.split()[0]], "destroyed": 1}
    assert not (home / "keys/log.key").exists()
    assert (home / "keys/retired/log.pub").read_text() == old.split()[0] + "\n"
    assert signatures(liuhen) == 2
    assert liuhen("log", "vkey").out.split()[0] == begun.json["log"]
    assert liuhen("verify", "--all").code == 0
    # What an auditor is given: no private key at all.
    for path in (home / "keys").glob("*.key"):
        path.unlink()
    assert liuhen("verify", "--all", "--read-only").code == 0
