"""The trace from the dock on, and the lists of what stations saw, on both engines."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.routes import dock_session_pages
from api.web.origins import origins_of
from custody.events import EventKind, clip_item
from custody.history import histories_of, history_of
from custody.ids import new_id
from custody.log.canonical import format_time
from custody.tables import log_entries
from ingest.tables import dock_sessions, uploads
from station_agent.wire import Manifest, ManifestFile, sign_manifest
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import client_of, serving
from tests.services.station_client import StationClient, enrolled_station

SEEN = datetime(2026, 11, 22, 9, 36, 21, tzinfo=UTC)
NAME = b"TA00716_JX0227_20261122093621.mp4"
DATA = b"what the recorder wrote"
EVIL = "DCIM/门口\u202e4pm\n.fifo".encode()

FILES = (
    ManifestFile(b"A/" + NAME, len(DATA), SEEN),
    ManifestFile(b"A/twin.mp4", 4, SEEN),
    ManifestFile(b"B/twin.mp4", 4, SEEN),
    ManifestFile(b"C/coming.mp4", 100, SEEN),
    ManifestFile(EVIL, 0, SEEN, "fifo"),
    ManifestFile(b"DCIM/folder.mp4", 0, SEEN, "folder"),
    ManifestFile(b"DCIM/link.mp4", 0, SEEN, "something new: <b>"),
)


@dataclass
class Dock:
    """A station that docked once; ``http`` is the clerk's."""

    house: House
    http: httpx.Client
    station: StationClient
    session_id: str

    def send(self, data: bytes, name: bytes) -> None:
        address = self.station.begin(
            data, filename=name, modified_at=format_time(SEEN), dock_session=self.session_id
        )
        assert self.station.patch(address, 0, data).status_code == 204

    def open_session(self, *files: ManifestFile) -> str:
        manifest = Manifest(
            session_id=new_id(),
            station=self.station.key.name,
            source="/media/TA00716",
            opened_at=SEEN,
            free_bytes=None,
            previous_sha256=None,
            files=files,
        )
        note = sign_manifest(manifest, self.station.key)
        answer = self.station.http.post("/api/dock-sessions", content=note.encode())
        assert answer.status_code in {200, 201}, answer.text
        self.session_id = manifest.session_id
        return manifest.session_id

    def page(self, query: str = "", session_id: str = "", status: int = 200) -> httpx.Response:
        address = f"/stations/{self.station.id}/sessions/{session_id or self.session_id}"
        answer = self.http.get(address + query)
        assert answer.status_code == status
        return answer


@pytest.fixture
def dock(database_url: str, tmp_path: Path) -> Iterator[Dock]:
    with (
        open_house(tmp_path / "home", database_url=database_url) as house,
        serving(create_app(house.services)) as address,
        client_of(address) as http,
    ):
        signed_in = http.post("/sign-in", data={"name": "bob", "password": PASSWORD})
        assert signed_in.status_code == 303
        station = enrolled_station(house.services, address, "一号站")
        dock = Dock(house, http, station, "")
        dock.open_session(*FILES)
        yield dock
        station.http.close()


def fates(page: httpx.Response) -> dict[str, str]:
    """Name and fate of each row, as a reader has them."""
    rows = re.findall(r"<tr>\n(.*?)</tr>", page.text, re.DOTALL)

    def read(cell: str) -> str:
        return html.unescape(re.sub(r"<[^>]+>", "", cell)).strip()

    cells = [[read(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]
    return {row[0]: row[-1] for row in cells if len(row) == 4}


def listings(house: House) -> list[str]:
    with house.services.database.read() as tx:
        return [
            str(text)
            for text in tx.scalars(
                sa.select(log_entries.c.details)
                .where(log_entries.c.kind == EventKind.CLIPS_LISTED.value)
                .order_by(log_entries.c.id)
            )
        ]


def test_a_list_says_what_became_of_every_file(dock: Dock) -> None:
    dock.send(DATA, NAME)
    dock.send(b"twin", b"twin.mp4")
    dock.station.begin(
        b"x" * 100,
        filename=b"coming.mp4",
        modified_at=format_time(SEEN),
        dock_session=dock.session_id,
    )
    [clip] = dock.house.clips("093621")
    page = dock.page()
    assert page.status_code == 200
    assert fates(page) == {
        "A/" + NAME.decode(): "已入库",
        # Alike in name, size and time, sent once: it does not stand for both.
        "A/twin.mp4": "已入库",
        "B/twin.mp4": "还没有到",
        "C/coming.mp4": "正在上传 0 B / 100 B",
        "DCIM/门口U+202E4pm␊.fifo": "未接收 管道",
        "DCIM/folder.mp4": "未接收 文件夹",
        "DCIM/link.mp4": "未接收 something new: <b>",
    }
    assert f'href="/clips/{clip.id}"' in page.text
    with dock.house.services.database.read() as tx:
        digest = tx.scalar(sa.select(dock_sessions.c.manifest_sha256))
    assert str(digest) in page.text
    assert clip.id in listings(dock.house)[-1]
    assert dock.session_id in listings(dock.house)[-1]
    assert set(fates(dock.page("?fate=skipped")).values()) == {
        "未接收 管道",
        "未接收 文件夹",
        "未接收 something new: <b>",
    }
    assert list(fates(dock.page("?fate=missing"))) == ["B/twin.mp4"]


def test_a_file_that_an_earlier_session_brought_is_archived(dock: Dock) -> None:
    dock.send(DATA, NAME)
    dock.open_session(FILES[0])
    assert fates(dock.page()) == {"A/" + NAME.decode(): "已入库"}
    listed = dock.http.get(f"/stations/{dock.station.id}/sessions")
    assert listed.text.count(f'href="/stations/{dock.station.id}/sessions/') == 2
    assert "2 个采集批次" in dock.http.get("/stations").text


def test_files_with_one_content_are_counted_apart_from_clips(dock: Dock) -> None:
    files = [ManifestFile(b"%d.mp4" % n, len(DATA), SEEN) for n in range(3)]
    dock.open_session(*files)
    dock.send(DATA, b"0.mp4")
    assert "此前已入库" not in dock.page().text
    for name in (b"1.mp4", b"2.mp4"):
        dock.station.begin(
            DATA, filename=name, modified_at=format_time(SEEN), dock_session=dock.session_id
        )
    page = dock.page()
    assert "清单里 3 个文件，其中 2 个的内容此前已入库（内容相同，只存一份）。" in page.text
    assert fates(page) == {
        "0.mp4": "已入库",
        "1.mp4": "已入库 内容同 0.mp4",
        "2.mp4": "已入库 内容同 0.mp4",
    }
    dock.open_session(*files)  # docked again: now nothing of it is new
    assert "清单里 3 个文件，其中 3 个的内容此前已入库" in dock.page().text


def test_a_refused_file_is_said_to_be_refused(dock: Dock) -> None:
    address = dock.station.begin(
        b"x" * 100,
        filename=b"coming.mp4",
        modified_at=format_time(SEEN),
        dock_session=dock.session_id,
    )
    assert dock.station.patch(address, 0, b"y" * 100).status_code == 460
    assert fates(dock.page())["C/coming.mp4"].startswith("校验值不符，未接收")


def test_a_long_list_comes_in_pages(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [ManifestFile(b"%05d.mp4" % n, n, SEEN, "fifo" if n == 7 else None) for n in range(250)]
    dock.open_session(*files)
    first, last = dock.page(), dock.page("?offset=200")
    assert (len(fates(first)), len(fates(last))) == (100, 50)
    assert "offset=100" in first.text
    # Too long to look all of it up: what the list says itself can still be picked out.
    monkeypatch.setattr(dock_session_pages, "MAX_LOOKED_UP", 100)
    assert len(fates(dock.page())) == 100
    assert fates(dock.page("?fate=skipped")) == {"00007.mp4": "未接收 管道"}
    assert len(fates(dock.page("?fate=missing"))) == 100  # no such choice here
    assert fates(dock.page("?offset=5000")) == {}


def test_an_empty_list_says_so_and_one_without_such_files_says_that(dock: Dock) -> None:
    assert "清单里没有这一类文件" in dock.page("?fate=refused").text
    strange = dock.page("?fate=xyz", status=422)
    assert fates(strange) == {}
    assert "没有这种结果，什么都没有列出" in strange.text
    assert 'class="chip on"' not in strange.text
    dock.open_session()
    page = dock.page().text
    assert "来源里没有文件" in page
    assert "清单里没有这一类文件" not in page


def test_what_is_no_session_of_the_station_is_not_found(dock: Dock) -> None:
    other = enrolled_station(dock.house.services, str(dock.http.base_url), "二号站")
    other.http.close()
    for path in (
        f"/stations/{other.id}/sessions/{dock.session_id}",
        f"/stations/{dock.station.id}/sessions/{new_id()}",
        f"/stations/{dock.station.id}/sessions/%00",
        f"/stations/{new_id()}/sessions",
        "/stations/%00/sessions",
    ):
        assert dock.http.get(path).status_code == 404, path


def test_an_altered_list_is_not_shown(dock: Dock) -> None:
    with dock.house.services.database.write() as tx:
        tx.execute(
            dock_sessions.update().values(
                manifest=sa.func.replace(dock_sessions.c.manifest, "fifo", "fofi")
            )
        )
    page = dock.page()
    assert page.status_code == 200
    assert "保存的清单与采集站签名的不一致" in page.text
    assert fates(page) == {}


def test_a_row_that_points_to_another_entry_has_none(dock: Dock) -> None:
    with dock.house.services.database.write() as tx:
        tx.execute(dock_sessions.update().values(entry_seq=0))
    assert "这份清单没有日志条目" in dock.page().text


def test_a_clip_from_a_station_is_traced_from_the_dock_to_its_publication(dock: Dock) -> None:
    dock.send(DATA, NAME)
    [clip] = dock.house.clips("093621")
    page = dock.http.get(f"/clips/{clip.id}").text
    assert f"/stations/{dock.station.id}/sessions/{dock.session_id}" in page
    assert "event-published" not in page  # nothing is published yet
    dock.house.publish()
    page = dock.http.get(f"/clips/{clip.id}").text
    order = [
        page.rindex(word) for word in ("首个覆盖入库条目的签名检查点", "整份读回核对", "没有校验值")
    ]
    assert order == sorted(order)  # the history has the newest first
    figure = page[page.index("<figure") : page.index("</figure>")]
    marks = [figure.index(word) for word in ("采集批次 ·", "入库 · 已读回核对", "公布 ·")]
    assert marks == sorted(marks)
    row = dock.http.get("/clips").text
    for word in ("采集批次 ·", "入库 · 已读回核对", "公布 ·"):
        assert word in row


def test_an_entry_has_a_word_for_each_key_and_readable_values(dock: Dock) -> None:
    dock.send(DATA, NAME)
    dock.house.publish()
    [clip] = dock.house.clips("093621")
    with dock.house.services.database.read() as tx:
        admitted = history_of(tx, clip_item(clip.id))[0].idx
        session = origins_of(tx, [clip], {clip_item(clip.id): []})[clip.id].docked
    assert session is not None
    page = dock.http.get(f"/log/entries/{admitted}").text
    for word, key in (("文件时间", "file_modified_at"), ("大小", "size_bytes"), ("SM3", "sm3")):
        shown = key.replace("_", "_<wbr>")
        assert f'{word} <code class="raw"><bdi class="name">{shown}</bdi></code>' in page
    assert "2026-11-22 17:36:21" in page  # the bureau's zone
    assert f'data-copy="{clip.sha256}"' in page
    assert f"{len(DATA)} B" in page
    assert f'href="/clips/{clip.id}"' in page
    page = dock.http.get(f"/log/entries/{session.idx}").text
    assert f'href="/stations/{dock.station.id}/sessions/{dock.session_id}"' in page
    assert "上一份清单" in page
    # A key or code that is its word once more is not printed twice.
    dock.http.cookies.set("liuhen_language", "en")
    english = dock.http.get(f"/log/entries/{admitted}").text
    for word in ("clip", "officer", "recorded at"):
        assert f"<dt>{word}</dt>" in english
    assert 'size <code class="raw"><bdi class="name">size_<wbr>bytes</bdi></code>' in english


def test_a_clip_from_a_folder_is_traced_from_its_admission(dock: Dock, tmp_path: Path) -> None:
    dock.house.add_footage(tmp_path / "footage", work=False)
    dock.house.publish()
    clip = dock.house.clips("101500")[0]
    page = dock.http.get(f"/clips/{clip.id}").text
    figure = page[page.index("<figure") : page.index("</figure>")]
    assert "采集批次" not in figure
    assert figure.index("入库 · 已读回核对") < figure.index("公布 ·")


def test_origins_are_the_first_checkpoint_and_the_right_session(dock: Dock, tmp_path: Path) -> None:
    services = dock.house.services
    first = dock.session_id
    dock.send(DATA, NAME)
    dock.house.publish()
    dock.open_session(FILES[1])
    dock.send(b"twin", b"twin.mp4")
    dock.house.publish()
    dock.house.add_footage(tmp_path / "footage", work=False)
    clips = dock.house.clips()
    items = [clip_item(clip.id) for clip in clips]
    statements: list[str] = []
    with services.database.read() as tx:
        histories = histories_of(tx, items)
        sa.event.listen(tx, "before_cursor_execute", lambda *of: statements.append(of[2]))
        origins = origins_of(tx, clips, histories)
        stations = history_of(tx, f"station:{dock.station.id}")
    assert len(statements) == 4  # three for all clips, and the station's own history
    docked = {one.facts["dock_session"]: one for one in stations if "dock_session" in one.facts}
    sizes = set()
    for clip in clips:
        origin = origins[clip.id]
        if clip.dock_session_id is None:
            assert (origin.docked, origin.publication) == (None, None)
            continue
        assert origin.docked == docked[clip.dock_session_id]
        admitted = histories[clip_item(clip.id)][0].idx
        assert admitted is not None
        assert origin.publication is not None
        assert admitted < origin.publication.size
        sizes.add(origin.publication.size)
    assert len(sizes) == 2
    assert {clip.dock_session_id for clip in clips} == {None, first, dock.session_id}


def test_a_session_without_its_list_gives_no_docking(dock: Dock) -> None:
    """The archive asks for the list before it takes a file; a list may be lost later."""
    dock.send(DATA, NAME)
    with dock.house.services.database.write() as tx:
        tx.execute(dock_sessions.delete())
    [clip] = dock.house.clips("093621")
    page = dock.http.get(f"/clips/{clip.id}").text
    assert "清单没有收到" in page
    with dock.house.services.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(uploads)) == 1
