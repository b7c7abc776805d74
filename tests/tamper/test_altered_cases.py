"""A case's row that holds what no column takes spoils its own page only, and that page says so."""

import html
import json
import re

import httpx
import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.web.locale import translate
from custody.case_search import CaseFilter, search_cases
from custody.cases import NewCase, change_case, create_case, find_case, get_case
from custody.errors import CaseAlteredError
from tests.tamper.worlds import CASE_NUMBER, LEGAL, World

CASE = "UPDATE cases SET {} WHERE id = :case"
OFFICER = "UPDATE case_officers SET {} WHERE case_id = :case"
OTHER_NUMBER = "零城执罚决字〔2026〕第77号"

ANYWHERE = [
    (CASE, "procedure = 'quick'"),
    (CASE, "created_at = '9999-12-31 23:59:59'"),
    (CASE, "occurred_on = '0001-01-01'"),
    (CASE, "occurred_on = '9999-12-31'"),
]
ON_SQLITE = [
    *(
        (CASE, change)
        for change in (
            "occurred_on = 'garbage'",
            "occurred_on = 7",
            "created_at = 'yesterday'",
            "created_at = x'00ff'",
            "title = x'ff'",
            "title = CAST(x'ffff' AS TEXT)",
            "party = CAST(x'ff' AS TEXT)",
            "procedure = x'00'",
            "created_by = x'ff'",
        )
    ),
    (OFFICER, "certificate_number = x'ff'"),
    (OFFICER, "officer = officer || CAST(x'ff' AS TEXT)"),
]
ON_POSTGRESQL = [
    (CASE, "occurred_on = 'infinity'"),
    (CASE, "occurred_on = '0044-03-15 BC'"),
    (CASE, "created_at = '-infinity'"),
]


@pytest.mark.parametrize(
    ("world", "table", "change"),
    [
        *(("sqlite", *one) for one in ANYWHERE + ON_SQLITE),
        *(("postgresql", *one) for one in ANYWHERE + ON_POSTGRESQL),
    ],
    indirect=["world"],
    ids=str,
)
def test_lists_go_on_and_nothing_is_done_by_its_row(
    world: World, clerk: httpx.Client, table: str, change: str
) -> None:
    database, ledger = world.services.database, world.services.ledger
    with database.write() as tx:
        other = create_case(tx, ledger, LEGAL, NewCase(OTHER_NUMBER, "summary", "另一件"))
        tx.execute(sa.text(table.format(change)), {"case": world.case_id})
    column = "officers" if table is OFFICER else change.partition(" ")[0]
    notice, badge = (translate("zh", key) for key in ("error.case_altered.what", "altered.badge"))
    for path in ("/cases", "/cases?text=零城", "/cases?sort=occurred_on"):
        shown = clerk.get(path).text
        assert (OTHER_NUMBER in shown, f"/cases/{world.case_id}" in shown) == (True, True), path
        assert shown.count(badge) == 1
    page = clerk.get(f"/cases/{world.case_id}")
    assert (page.status_code, page.text.count(notice)) == (200, 1)
    names = re.search(rf"{translate('zh', 'altered.columns')}(.*?)</p>", page.text, re.DOTALL)
    assert names is not None
    word = f"case.{column}" if column != "created_by" else ""
    assert (translate("zh", word) if word else f"<code>{column}</code>") in names[1]
    assert "/edit" not in page.text
    assert notice not in clerk.get(f"/cases/{other.id}").text
    assert "回到案件" not in clerk.get(f"/clips?case={world.case_id}").text
    for clip_id in world.clip_ids[:2]:
        assert clerk.get(f"/clips/{clip_id}").status_code == 200
    refused = clerk.get(f"/cases/{world.case_id}/edit")
    assert (refused.status_code, notice in html.unescape(refused.text)) == (409, True)
    form = {"csrf": clerk.headers["X-Form"], "case": CASE_NUMBER, "stage": "service"}
    linked = clerk.post("/links", data=form | {"clip_id": world.clip_ids[-1]})
    assert linked.status_code == 409

    with database.read() as tx:
        found = {case.id: case.altered for case in search_cases(tx, CaseFilter()).cases}
        assert found == {world.case_id: (column,), other.id: ()}
        by_number = find_case(tx, CASE_NUMBER)
        assert by_number is not None
        assert by_number.altered == (column,)
        with pytest.raises(CaseAlteredError, match=column):
            get_case(tx, world.case_id)
    with pytest.raises(CaseAlteredError, match=column), database.write() as tx:
        change_case(tx, ledger, LEGAL, world.case_id, NewCase(CASE_NUMBER, "general", "neu"))


@pytest.mark.parametrize(
    ("world", "change", "column"),
    [
        ("sqlite", "occurred_on = 'garbage'", "occurred_on"),
        ("postgresql", "occurred_on = 'infinity'", "occurred_on"),
        ("postgresql", "procedure = 'quick'", "procedure"),
    ],
    indirect=["world"],
)
def test_the_command_line_names_it(
    world: World, change: str, column: str, capsys: pytest.CaptureFixture[str], home: list[str]
) -> None:
    with world.services.database.write() as tx:
        tx.execute(sa.text(f"UPDATE cases SET {change}"))
    assert run(["cases", "list", *home, "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert (listed["altered"], listed[column]) == ([column], None)
    for command in (["list"], ["show", CASE_NUMBER]):
        assert run(["cases", *command, *home]) == 0
        assert f"数据库行被改动：{column}" in capsys.readouterr().out
    assert run(["cases", "edit", CASE_NUMBER, "--title", "x", *home]) == 1
    capsys.readouterr()
    assert run(["verify", "--case", CASE_NUMBER, *home, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {finding["code"] for finding in report["findings"]} == {"case_altered"}
