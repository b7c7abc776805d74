"""A text original on its page: only under a viewing, counted, and harmless whatever is in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.auth.tables import sign_in_sessions
from api.web.text_original import MAX_SHOWN_BYTES
from custody.actors import Actor, Role, Via
from custody.history import history_of
from custody.tables import access_grants
from ingest.folder_import import import_paths
from ingest.pipeline import process_one
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import client_of, serving

NAMES = {
    "gb.log": "09:36 开机，警号 JX0227\r\n".encode("gb18030"),
    "hostile.txt": b"a" * 70_000
    + "\x00\u202etxt.exe\u2066<script>alert(1)</script>&amp;\n".encode()
    + b"\x00" * 500
    + b"\xff\xfe"
    + b"b" * 70_000,
    "long.log": b"0123456789" * 40_000,
}


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name, data in NAMES.items():
        (folder / name).write_bytes(data)
    with open_house(tmp_path / "home", database_url=database_url) as house:
        services = house.services
        common = (services.database, services.store)
        operator = Actor("operator", Role.OPERATOR, Via.SHELL, "localhost", "operator")
        through = (services.staging, services.ledger, services.clock, operator)
        for _ in import_paths(
            *common, *through, [folder], lambda *_: None, zone=services.config.zone, lock_days=1
        ):
            pass
        scratch = services.config.scratch_folder
        while process_one(*common, services.ledger, services.clock, scratch, "test"):
            pass
        yield house


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with (
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        yield client


def open_text(house: House, client: httpx.Client, name: str) -> httpx.Response:
    """The page of the clip ``name``, opened."""
    client.post("/sign-in", data={"name": "bob", "password": PASSWORD})
    with house.services.database.read() as tx:
        csrf = tx.scalars(sa.select(sign_in_sessions.c.csrf_token)).all()[-1]
    form = {"csrf": csrf, "purpose": "a test"}
    answer = client.post(f"/clips/{house.clips(name)[0].id}/open", data=form)
    return client.get(answer.headers["location"])


def shown(page: str) -> str:
    found = re.search(r"<pre [^>]*><bdi>(.*?)</bdi></pre>", page, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_text_is_shown_under_a_viewing_that_is_in_the_log_and_counted(
    house: House, client: httpx.Client
) -> None:
    clip = house.clips("gb.log")[0]
    page = open_text(house, client, "gb.log").text
    assert shown(page) == "09:36 开机，警号 JX0227\n"
    assert "按 GB18030 解读" in page
    assert "鲍勃 · bob" in page
    assert "可查看" in page
    with house.services.database.read() as tx:
        opened = history_of(tx, f"clip:{clip.id}")[-1]
        grant = tx.execute(sa.select(access_grants).where(access_grants.c.clip_id == clip.id)).one()
    assert (opened.kind, opened.details["purpose"]) == ("clip.opened", "a test")
    assert (grant.requests, grant.bytes_sent) == (1, clip.size_bytes)
    # Without the viewing there is the form and not a word of the text.
    closed = client.get(f"/clips/{clip.id}").text
    assert f'action="/clips/{clip.id}/open"' in closed
    assert "开机" not in closed
    assert client.get(f"/clips/{clip.id}/stream?viewing={grant.id}").status_code == 404


def test_the_administrator_reads_no_text(house: House, client: httpx.Client) -> None:
    clip = house.clips("gb.log")[0]
    location = str(open_text(house, client, "gb.log").url)
    client.post("/sign-in", data={"name": "alice", "password": PASSWORD})
    for page in (location, f"/clips/{clip.id}"):
        text = client.get(page).text
        assert "管理员不能看画面" in text
        assert "开机" not in text


def test_what_is_hostile_in_a_text_is_shown_and_does_nothing(
    house: House, client: httpx.Client
) -> None:
    html = shown(open_text(house, client, "hostile.txt").text)
    assert '<span class="ctl" title="U+0000">␀</span>×500 ' in html
    assert '<span class="ctl" title="U+202E">U+202E</span>txt.exe' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in html
    assert "\ufffd" in html
    assert not set(html) & {"\x00", "\u202e", "\u2066"}


def test_a_long_text_is_cut_and_says_so(house: House, client: httpx.Client) -> None:
    page = open_text(house, client, "long.log").text
    assert len(shown(page)) == MAX_SHOWN_BYTES
    assert "只显示前" in page
    assert "全文共" in page


def test_a_text_that_is_not_whole_in_the_store_is_not_shown_as_if_it_were(
    house: House, client: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "objects" / house.clips("gb.log")[0].object_key
    path.chmod(0o600)
    path.write_bytes(NAMES["gb.log"][:5])
    answer = open_text(house, client, "gb.log")
    assert answer.status_code == 500
    assert "存储里找不到这个原始件" in answer.text
