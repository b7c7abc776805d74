"""What the command line tells of entries: who by account, why, and on what by its name."""

import re

import pytest
import sqlalchemy as sa

from api.auth.users import create_user
from api.cli.main import run
from custody import viewings
from custody.actors import Actor, Role, Via
from custody.tables import log_entries
from tests.tamper.worlds import CASE_NUMBER, NAMES, OPERATOR, World


def lines_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    """The cells of the last table that a command prints."""
    capsys.readouterr()
    assert run(arguments) == 0
    table = capsys.readouterr().out.split("\n\n")[-1]
    return [line.split("\t") for line in table.splitlines()]


def two_of_one_name(world: World) -> list[str]:
    """Two people called alike open the first clip and one downloads it; their ids."""
    services = world.services
    with services.database.write() as tx:
        ids = []
        for account in ("wang1", "wang2"):
            user, _ = create_user(
                tx, services.ledger, OPERATOR, services.clock, name=account,
                display_name="王敏", role=Role.LEGAL,
            )  # fmt: skip
            actor = Actor(user.id, Role.LEGAL, Via.PASSWORD, "127.0.0.1", "王敏")
            common = (tx, services.ledger, services.clock, actor, world.clip_ids[0])
            viewings.open_viewing(*common, f"{account} 审核")
            ids.append(user.id)
        viewings.open_download(*common, "移送法院")
    world.publish()
    return ids


def test_who_opened_a_clip_and_why(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    two_of_one_name(world)
    shown = lines_of(capsys, "clips", "show", world.clip_ids[0], *home, "--lang", "zh")
    assert shown[0] == ["序号", "时间", "事件", "案件", "操作者", "事由", "结果"]
    told = [line[4:6] for line in shown[-3:]]
    assert told == [
        ["王敏 (wang1)", "wang1 审核"],
        ["王敏 (wang2)", "wang2 审核"],
        ["王敏 (wang2)", "移送法院"],
    ]
    # Whose row is gone, an account of this machine, and who is called by the id alone.
    assert {"bob (b7b0a7f0…0001)", "shell:alice", "worker"} <= {line[4] for line in shown}


def test_the_log_names_what_its_entries_are_of(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    user_id = two_of_one_name(world)[0]
    shown = lines_of(capsys, "log", "show", *home, "--limit", "10000", "--lang", "zh")
    assert shown[0] == ["序号", "时间", "事件", "对象", "操作者", "事由", "结果"]
    items = {line[3] for line in shown[1:]}
    for sort, name, key in (
        ("录像", NAMES[0].decode(), world.clip_ids[0]),
        ("案件", CASE_NUMBER, world.case_id),
        ("用户", "wang1", user_id),
    ):
        assert f"{sort} {name} ({key[:8]}…{key[-4:]})" in items
    assert "日志本身" in items
    assert any(re.fullmatch(r"采集站 一号站 \(.{8}….{4}\)", item) for item in items)
    assert ["王敏 (wang1)", "wang1 审核"] in [line[4:6] for line in shown]
    # Whose row is gone is told as the log has it.
    assert "user:b7b0a7f0-0000-7000-8000-000000000001" in items


def test_the_purpose_of_an_altered_entry_is_not_told(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    with world.services.database.write() as tx:
        change = sa.update(log_entries).where(log_entries.c.kind == "clip.opened")
        tx.execute(change.values(details='{"actor_name":"bob","purpose":"审核"}'))
    shown = lines_of(capsys, "log", "show", *home, "--kind", "clip.opened", "--lang", "zh")
    assert [line[5] for line in shown[1:]] == [""]


def test_an_account_is_called_an_account(
    world: World, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    assert lines_of(capsys, "users", "list", *home, "--lang", "zh")[0] == ["用户名", "角色", "状态"]
    assert lines_of(capsys, "users", "list", *home, "--lang", "en")[0][0] == "account"
