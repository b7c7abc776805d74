"""The pages over rows and objects, on both engines: what is shown, and what the log knows of it."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.app import create_app
from api.auth.tables import sign_in_sessions
from api.auth.users import create_user
from api.dependencies import SESSION_COOKIE
from api.web.locale import translate
from custody.actors import Role, service_actor
from custody.clip_names import add_name
from custody.clips import Clip, ClipState, describe_clip, set_clip_state
from custody.clock import FixedClock
from custody.events import EventKind
from custody.history import MAX_EVENTS, HistoryEvent, history_of
from custody.ledger import Event
from custody.log.entry import Json
from custody.object_keys import rendition_key
from custody.purposes import MAX_PURPOSE_CHARACTERS
from custody.renditions import NewRendition, add_rendition
from custody.tables import access_grants, clips, log_entries, renditions
from tests.services.custody import admit_clip
from tests.services.house import CASE_NUMBER, PASSWORD, House, open_house
from tests.services.http_server import client_of, serving

LEGAL = "bob"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home", database_url=database_url) as house:
        house.add_footage(tmp_path / "footage", work=False)
        yield house


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with (
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        yield client


@pytest.fixture
def legal(client: httpx.Client) -> httpx.Client:
    """Signed in as the legal clerk."""
    answer = sign_in(client, LEGAL, PASSWORD)
    assert answer.status_code == 303
    return client


def sign_in(client: httpx.Client, name: str, password: str, **form: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": name, "password": password, **form})


def token_of(house: House) -> str:
    with house.services.database.read() as tx:
        return tx.scalars(sa.select(sign_in_sessions.c.csrf_token)).one()


def submit(house: House, client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": token_of(house), **form})


def history(house: House, item: str) -> list[HistoryEvent]:
    with house.services.database.read() as tx:
        return history_of(tx, item)


def kinds(house: House, item: str) -> list[str]:
    return [event.kind for event in history(house, item)]


def video(house: House, text: str) -> Clip:
    """A clip of which is known that it is a video; nothing was made of it yet."""
    clip = house.clips(text)[0]
    services = house.services
    with services.database.write() as tx:
        actor = service_actor("test")
        return describe_clip(tx, services.ledger, actor, clip.id, {}, 3000, "video")


def open_clip(house: House, client: httpx.Client, clip: Clip) -> str:
    answer = submit(house, client, f"/clips/{clip.id}/open", purpose="a test")
    assert answer.status_code == 303
    return answer.headers["location"].partition("viewing=")[2]


def test_signing_in_and_out_is_in_the_log(house: House, client: httpx.Client) -> None:
    user = house.people[Role.LEGAL]
    assert sign_in(client, LEGAL, "wrong").status_code == 403
    assert sign_in(client, "nobody", "wrong").status_code == 403
    answer = sign_in(client, LEGAL, PASSWORD, next="/cases")
    assert answer.headers["location"] == "/cases"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert submit(house, client, "/sign-out").status_code == 303
    assert kinds(house, f"user:{user.id}")[-3:] == [
        EventKind.SIGN_IN_FAILED,
        EventKind.PERSON_SIGNED_IN,
        EventKind.PERSON_SIGNED_OUT,
    ]
    assert kinds(house, "anonymous") == [EventKind.SIGN_IN_FAILED]
    assert client.get("/clips").headers["location"] == "/sign-in?next=%2Fclips"


def test_guessing_is_slowed_down_even_with_the_right_password(
    house: House, client: httpx.Client
) -> None:
    answers = [sign_in(client, LEGAL, "wrong").status_code for _ in range(5)]
    assert answers == [403] * 5
    assert sign_in(client, LEGAL, PASSWORD).status_code == 429


def test_a_one_time_password_opens_nothing_but_its_own_replacement(
    house: House, client: httpx.Client
) -> None:
    services = house.services
    with services.database.write() as tx:
        _, password = create_user(
            tx,
            services.ledger,
            house.actor(Role.ADMIN),
            services.clock,
            name="charlie",
            display_name="charlie",
            role=Role.LEGAL,
        )
    assert sign_in(client, "charlie", password).headers["location"] == "/password"
    assert client.get("/clips").headers["location"] == "/password?next=%2Fclips"
    old_cookie = client.cookies[SESSION_COOKIE]
    weak = submit(house, client, "/password", old=password, new="short", again="short")
    assert weak.status_code == 422
    new = "quite another password"
    assert submit(house, client, "/password", old=password, new=new, again=new).status_code == 303
    assert client.get("/clips").status_code == 200
    client.cookies.clear()
    client.cookies.set(SESSION_COOKIE, old_cookie)
    assert client.get("/clips").status_code == 303
    assert sign_in(client, "charlie", password).status_code == 403


@pytest.fixture
def timed(
    database_url: str, tmp_path: Path, clock: FixedClock
) -> Iterator[tuple[httpx.Client, FixedClock]]:
    """Somebody signed in, and the clock that their session is measured by."""
    with (
        open_house(tmp_path / "home", clock=clock, database_url=database_url) as house,
        serving(create_app(house.services)) as address,
        client_of(address) as client,
    ):
        sign_in(client, LEGAL, PASSWORD)
        yield client, clock


def test_a_session_ends_when_it_rests(timed: tuple[httpx.Client, FixedClock]) -> None:
    client, clock = timed
    clock.moment += timedelta(minutes=59)
    assert client.get("/cases").status_code == 200
    clock.moment += timedelta(minutes=61)
    assert client.get("/cases").headers["location"] == "/sign-in?next=%2Fcases"


def test_a_session_ends_when_it_is_old_however_busy(
    timed: tuple[httpx.Client, FixedClock],
) -> None:
    client, clock = timed
    answers = []
    for _ in range(12):
        clock.moment += timedelta(minutes=55)
        answers.append(client.get("/cases").status_code)
    assert answers == [200] * 10 + [303] * 2


def test_a_purpose_is_visible_and_not_too_long_for_either_way_to_the_bytes(
    house: House, legal: httpx.Client
) -> None:
    clip = video(house, "093621")
    page = legal.get(f"/clips/{clip.id}").text
    limits = re.findall(r'<input name="purpose"[^>]* maxlength="(\d+)"', page)
    assert limits == [str(MAX_PURPOSE_CHARACTERS)] * 2
    for way in ("open", "download"):
        before = history(house, f"clip:{clip.id}")
        for purpose in ("\x00", "\u200b", "\u3164", "复" * (MAX_PURPOSE_CHARACTERS + 1)):
            answer = submit(house, legal, f"/clips/{clip.id}/{way}", purpose=purpose)
            if "复" in purpose:
                assert answer.status_code == 422
                assert "事由太长" in answer.text
            else:  # asked for again in the form itself
                assert answer.status_code == 303
                assert f"refused={way}" in answer.headers["location"]
        assert history(house, f"clip:{clip.id}") == before
        submit(house, legal, f"/clips/{clip.id}/{way}", purpose="复\x00核")
        assert history(house, f"clip:{clip.id}")[-1].details["purpose"] == "复�核"


def test_a_nul_in_any_text_of_a_form_breaks_nothing(house: House, client: httpx.Client) -> None:
    assert sign_in(client, house.people[Role.ADMIN].name, PASSWORD).status_code == 303
    answers = [
        submit(house, client, "/users", name="dave\x00", display_name="D\x00", role="legal\x00"),
        submit(house, client, "/users", name="dave", display_name="D\x00", role="legal"),
        submit(house, client, "/stations", name="a\x00b"),
        client.post("/sign-in", data={"name": "\x00", "password": "\x00", "next": "/\x00"}),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


def test_a_viewing_is_in_the_log_before_the_first_byte_and_counts_what_is_sent(
    house: House, legal: httpx.Client
) -> None:
    clip = video(house, "093621")
    refused = submit(house, legal, f"/clips/{clip.id}/open", purpose="  ")
    assert refused.headers["location"] == f"/clips/{clip.id}?refused=open"
    assert legal.get(f"/clips/{clip.id}/stream").status_code == 403
    viewing = open_clip(house, legal, clip)
    opened = history(house, f"clip:{clip.id}")[-1]
    assert (opened.kind, opened.details["purpose"]) == (EventKind.CLIP_OPENED, "a test")
    source = f"/clips/{clip.id}/stream?viewing={viewing}"
    whole = legal.get(source)
    assert whole.status_code == 200
    assert len(whole.content) == clip.size_bytes
    part = legal.get(source, headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 1000-1999/{clip.size_bytes}"
    assert part.content == whole.content[1000:2000]
    beyond = legal.get(source, headers={"Range": f"bytes={clip.size_bytes}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{clip.size_bytes}"
    changed = legal.get(source, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert changed.status_code == 200
    with house.services.database.read() as tx:
        row = tx.execute(sa.select(access_grants).where(access_grants.c.id == viewing)).one()
    assert (row.requests, row.bytes_sent) == (3, 2 * clip.size_bytes + 1000)


def test_a_viewing_is_good_for_its_clip_and_its_viewer_only(
    house: House, legal: httpx.Client
) -> None:
    clip, other = video(house, "093621"), video(house, "101500")
    viewing = open_clip(house, legal, clip)
    assert legal.get(f"/clips/{other.id}/stream?viewing={viewing}").status_code == 403
    assert legal.get(f"/clips/{clip.id}/original?download={viewing}").status_code == 403
    page = legal.get(f"/clips/{other.id}?viewing={viewing}")
    assert page.status_code == 200
    assert "请重新打开" in page.text
    sign_in(legal, "alice", PASSWORD)
    assert legal.get(f"/clips/{clip.id}/stream?viewing={viewing}").status_code == 403


def test_an_original_is_handed_out_whole_under_its_own_name(
    house: House, legal: httpx.Client
) -> None:
    clip = house.clips("4pm")[0]
    answer = submit(house, legal, f"/clips/{clip.id}/download", purpose="for the expert")
    assert kinds(house, f"clip:{clip.id}")[-1] == EventKind.CLIP_DOWNLOADED
    sent = legal.get(answer.headers["location"])
    assert len(sent.content) == clip.size_bytes
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["content-disposition"].isascii()
    assert "%E9%97%A8%E5%8F%A3_4pm" in sent.headers["content-disposition"]


def test_a_list_is_one_entry_and_pages_keep_its_filters(house: House, legal: httpx.Client) -> None:
    page = legal.get("/clips?officer=JX0227&sort=name")
    assert page.status_code == 200
    assert page.text.count('class="first"') == 3
    assert "officer=JX0227" in page.text
    listed = [
        event
        for event in history(house, f"user:{house.people[Role.LEGAL].id}")
        if event.kind == EventKind.CLIPS_LISTED
    ]
    assert len(listed) == 1
    assert listed[0].facts["count"] == 3


def test_names_are_shown_set_apart_and_with_what_cannot_be_seen(
    house: House, legal: httpx.Client
) -> None:
    page = legal.get("/clips?text=4pm").text
    assert "\u202e" not in page
    assert '<bdi class="name">门口<span class="ctl" title="U+202E">U+202E</span>4pm' in page


def test_a_case_is_made_linked_and_says_what_is_missing(house: House, legal: httpx.Client) -> None:
    form = {"title": "占道经营", "occurred_on": "2026-11-22", "officers": "JX0227 01020304\nJX0228"}
    form["procedure"] = "general"
    wrong = submit(house, legal, "/cases", number="12号", **form)
    assert wrong.status_code == 422
    assert "JX0227 01020304" in wrong.text  # what was typed is still there
    made = submit(house, legal, "/cases", number="零城执罚决字[2026]012", **form)
    case_address = made.headers["location"]
    assert submit(house, legal, "/cases", number=CASE_NUMBER, **form).status_code == 409
    clip = house.clips("093621")[0]
    assert CASE_NUMBER in legal.get(f"/clips/{clip.id}").text  # suggested by officer and day
    linked = submit(
        house, legal, "/links", clip_id=clip.id, case=CASE_NUMBER, stage="investigation"
    )
    assert linked.status_code == 303
    again = submit(house, legal, "/links", clip_id=clip.id, case=CASE_NUMBER, stage="review")
    assert again.status_code == 409
    page = legal.get(case_address).text
    assert "这些环节还没有录像：启动、审核、决定、送达、执行。" in page
    assert "没有这些执法人员的录像：JX0228。" in page
    case_id = case_address.rpartition("/")[2]
    submit(house, legal, f"/clips/{clip.id}/unlink", case_id=case_id)
    page = legal.get(case_address).text
    assert "还没有关联任何录像" in page
    assert "取消关联" in page  # the end of the link stays in the case's history


def test_a_case_that_is_not_there_is_said_and_the_form_kept(
    house: House, legal: httpx.Client
) -> None:
    clip = house.clips("093621")[0]
    form = {"clip_id": clip.id, "case": "零城执罚决字〔2026〕第99号", "stage": "review"}
    answer = submit(house, legal, "/links", **form)
    assert answer.status_code == 404
    assert "没有这个案件" in answer.text
    assert 'value="零城执罚决字〔2026〕第99号"' in answer.text
    assert '<option value="review" selected>' in answer.text
    assert f'name="clip_id" value="{clip.id}"' in answer.text
    assert submit(house, legal, "/links", **form | {"case": "99号"}).status_code == 422
    none = submit(house, legal, "/links", case="99号", stage="review")
    assert none.status_code == 422
    assert "没有选中录像" in none.text


def test_what_was_done_is_said_once(house: House, legal: httpx.Client) -> None:
    house.add_case()
    clip = house.clips("093621")[0]
    submit(house, legal, "/links", clip_id=clip.id, case=CASE_NUMBER, stage="review")
    assert "已关联，并写入日志" in legal.get(f"/clips/{clip.id}").text
    assert "已关联，并写入日志" not in legal.get(f"/clips/{clip.id}").text


def test_who_sees_no_picture_leaves_an_entry_too(house: House, client: httpx.Client) -> None:
    sign_in(client, "alice", PASSWORD)
    clip = house.clips("093621")[0]
    for path in ("/clips?officer=JX0227", f"/clips/{clip.id}", "/unassigned", "/cases?text=x"):
        assert client.get(path).status_code == 200
    queries = [
        event.details["query"]
        for event in history(house, f"user:{house.people[Role.ADMIN].id}")
        if event.kind == EventKind.CLIPS_LISTED
    ]
    assert queries == ["officer=JX0227", f"clip {clip.id}", "unassigned", "cases text=x"]


def test_refusals_that_no_right_decides_are_in_the_log(house: House, client: httpx.Client) -> None:
    clip = house.clips("093621")[0]
    assert client.get(f"/clips/{clip.id}/stream").status_code == 303
    sign_in(client, LEGAL, PASSWORD)
    assert client.get(f"/clips/{clip.id}/stream?viewing=nobody").status_code == 403
    assert client.post(f"/clips/{clip.id}/open", data={"purpose": "x"}).status_code == 403
    foreign = client.post(f"/clips/{clip.id}/open", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403

    def whys(item: str) -> list[object]:
        return [
            event.facts["why"]
            for event in history(house, item)
            if event.kind == EventKind.ACCESS_DENIED
        ]

    assert whys("anonymous") == ["not_signed_in"]
    assert whys(f"clip:{clip.id}") == ["no_grant", "forged_form", "forged_form"]


def test_many_are_linked_at_once(house: House, legal: httpx.Client) -> None:
    house.add_case(linked="093621")
    clips = house.clips("JX0227")
    answer = legal.post(
        "/links",
        data={
            "csrf": token_of(house),
            "clip_id": [clip.id for clip in clips],
            "case": CASE_NUMBER,
            "stage": "service",
        },
    )
    assert answer.status_code == 303
    assert all(EventKind.LINK_MADE in kinds(house, f"clip:{clip.id}") for clip in clips)


def test_a_clip_without_an_officer_is_assigned_by_hand(house: House, legal: httpx.Client) -> None:
    clip = house.clips("4pm")[0]
    todo = legal.get("/unassigned").text
    assert clip.id in todo
    assert 'name="recorded_at" value=""' in todo  # the file's time is a hint and no answer
    assert "文件时间" in todo
    submit(
        house,
        legal,
        f"/clips/{clip.id}/assign",
        officer="JX0228",
        recorder="TA00933",
        recorded_at="2026-11-22T08:00:05",
    )
    found = house.clips("4pm")[0]
    assert found.recorded_at is not None
    assert (found.officer, found.recorded_at.isoformat()) == ("JX0228", "2026-11-22T00:00:05+00:00")
    assert clip.id not in legal.get("/unassigned").text
    page = legal.get(f"/clips/{clip.id}").text
    assert "人工指定：鲍勃" in page
    assert "记录仪时钟" not in page


def test_what_a_further_name_says_is_found_shown_and_taken_over(
    house: House, legal: httpx.Client
) -> None:
    clip = house.clips("4pm")[0]
    name = "TA00933_JX0228_20261122081500.mp4"
    services = house.services
    with services.database.write() as tx:
        actor = service_actor("test")
        assert add_name(tx, services.ledger, actor, clip, name, name.encode())
    assert f"/clips/{clip.id}" in legal.get("/clips?text=20261122081500").text
    said = "其中写着"
    form = {
        "officer": "JX0228",
        "recorder": "TA00933",
        "recorded_at": "2026-11-22T08:15:00",
    }
    for path in (f"/clips/{clip.id}", "/unassigned"):
        page = legal.get(path).text
        assert said in page, path
        for field, value in form.items():
            assert f'type="hidden" name="{field}" value="{value}"' in page
    assert "TA00933_<wbr>JX0228_<wbr>20261122081500.mp4" in legal.get(f"/clips/{clip.id}").text
    assert submit(house, legal, f"/clips/{clip.id}/assign", **form).status_code == 303
    page = legal.get(f"/clips/{clip.id}").text
    assert said not in page
    assert "另有文件名" in page
    assert house.clips("4pm")[0].officer == "JX0228"


def test_verifying_finds_a_flipped_byte_and_breaks_the_trace(
    house: House, legal: httpx.Client, tmp_path: Path
) -> None:
    house.publish()
    clip = house.clips("093621")[0]
    good = submit(house, legal, f"/clips/{clip.id}/verify")
    assert "核验通过" in good.text
    path = tmp_path / "home" / "objects" / clip.object_key
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    bad = submit(house, legal, f"/clips/{clip.id}/verify")
    assert "原始件被改动（SHA-256 不符）" in bad.text
    assert clip.sha256 in bad.text.replace(" ", "")
    page = legal.get(f"/clips/{clip.id}").text
    assert 'class="mark broken"' in page
    assert "这条录像没有通过核验" in page
    house.publish()
    assert "TA00716_<wbr>JX0227_<wbr>20261122093621.mp4" in legal.get("/verification").text
    refused = submit(house, legal, f"/clips/{clip.id}/download", purpose="for the expert")
    assert refused.status_code == 409
    form = {"purpose": "for the expert", "confirm": "1"}
    assert submit(house, legal, f"/clips/{clip.id}/download", **form).status_code == 303
    assert history(house, f"clip:{clip.id}")[-1].details["warned"] is True


def spoil(home: Path, object_key: str) -> None:
    """Change a byte of a stored object, as root would."""
    path = home / "objects" / object_key
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def test_an_altered_playable_copy_is_said_and_does_not_condemn_the_original(
    house: House, legal: httpx.Client, tmp_path: Path
) -> None:
    services, clip = house.services, video(house, "093621")
    digest = hashlib.sha256(b"a proxy").hexdigest()
    key = rendition_key(clip.id, "proxy", digest)
    services.store.put_bytes(key, b"a proxy")
    with services.database.write() as tx:
        new = NewRendition(clip.id, "proxy", key, digest, 7, "video/mp4", "a test")
        add_rendition(tx, services.ledger, service_actor("test"), new)
    house.publish()
    spoil(tmp_path / "home", key)
    verdict = submit(house, legal, f"/clips/{clip.id}/verify").text
    assert "原始件与入库时一致" in verdict
    page = legal.get(f"/clips/{clip.id}").text
    assert "原始件完好" in page
    assert "不能作为完好的证据使用" not in page
    assert 'name="confirm"' not in page
    assert "播放件核验不一致" in legal.get("/clips?text=093621").text
    download = submit(house, legal, f"/clips/{clip.id}/download", purpose="for the court")
    assert download.status_code == 303
    assert "warned" not in history(house, f"clip:{clip.id}")[-1].details
    spoil(tmp_path / "home", clip.object_key)
    submit(house, legal, f"/clips/{clip.id}/verify")
    assert "不能作为完好的证据使用" in legal.get(f"/clips/{clip.id}").text
    refused = submit(house, legal, f"/clips/{clip.id}/download", purpose="for the court")
    assert refused.status_code == 409


def test_a_list_promises_no_more_than_the_clips_page_keeps(
    house: House, legal: httpx.Client
) -> None:
    services, clip = house.services, house.clips("4pm")[0]
    for kind, promise in (("text", "可查看"), ("document", "可下载查看")):
        with services.database.write() as tx:
            common = (tx, services.ledger, service_actor("test"), clip.id)
            describe_clip(*common, {}, None, kind)
            set_clip_state(*common, ClipState.READY)
        assert f"</svg>{promise}</span>" in legal.get("/clips?text=4pm").text, kind
        page = legal.get(f"/clips/{clip.id}").text
        assert f"</svg>{promise}</span>" in page
        assert ("这类文件不能在页面里显示" in page) == (kind == "document")
        assert (f'action="/clips/{clip.id}/open"' in page) == (kind == "text")


def test_what_fails_verification_is_red_in_every_list(
    house: House, legal: httpx.Client, tmp_path: Path
) -> None:
    case = house.add_case(linked="093621")
    clip, unassigned = video(house, "093621"), house.clips("4pm")[0]
    with house.services.database.write() as tx:
        set_clip_state(tx, house.services.ledger, service_actor("test"), clip.id, ClipState.READY)
    pages = ("/clips?text=093621", f"/cases/{case.id}")
    badge = "核验不一致</span>"
    for path in pages:
        assert badge not in legal.get(path).text
    for one in (clip, unassigned):
        spoil(tmp_path / "home", one.object_key)
        submit(house, legal, f"/clips/{one.id}/verify")
    for path in (*pages, f"/clips/{clip.id}", "/unassigned"):
        assert badge in legal.get(path).text, path
    shown = legal.get(f"/cases/{case.id}").text
    assert "1 条录像没有通过核验。" in shown
    assert "可播放" not in shown


def test_a_failure_counts_however_much_has_happened_since(
    house: House, legal: httpx.Client
) -> None:
    clip = house.clips("093621")[0]
    item, actor = f"clip:{clip.id}", house.actor(Role.LEGAL)
    facts: dict[str, Json] = {"findings": 1, "unchecked": 0}
    failed = Event(EventKind.VERIFICATION_RUN, item, facts, outcome="failed")
    with house.services.database.write() as tx:
        house.services.ledger.append(tx, actor, failed)
        opened = Event(EventKind.CLIP_OPENED, item, {"grant": "g"})
        house.services.ledger.append_many(tx, actor, [opened] * (MAX_EVENTS + 1))
    house.publish()
    assert "这条录像没有通过核验" in legal.get(f"/clips/{clip.id}").text
    assert 'class="dot broken"' in legal.get("/clips?text=093621").text
    refused = submit(house, legal, f"/clips/{clip.id}/download", purpose="for the expert")
    assert refused.status_code == 409


def test_reading_the_log_is_in_the_log_with_what_was_looked_for(
    house: House, legal: httpx.Client
) -> None:
    house.publish()
    for path in ("/log", "/log?kind=clip.admitted&actor=x", "/log/entries/0", "/log"):
        assert legal.get(path).status_code == 200
    read = [event for event in history(house, "log") if event.kind == EventKind.LOG_READ]
    assert [
        {name: value for name, value in event.details.items() if name != "actor_name"}
        for event in read
    ] == [{}, {"kind": "clip.admitted", "actor": "x"}, {"index": "0"}]
    assert legal.get("/log/entries/999999").status_code == 404


def test_the_log_shows_an_entry_that_is_in_no_checkpoint_yet(
    house: House, legal: httpx.Client
) -> None:
    services = house.services
    house.publish()
    with services.database.write() as tx:
        services.ledger.append(
            tx, house.actor(Role.ADMIN), Event(EventKind.SERVICE_STARTED, "service")
        )
        tx.execute(
            sa.update(log_entries)
            .where(log_entries.c.kind == EventKind.SERVICE_STARTED.value)
            .values(idx=sa.select(sa.func.max(log_entries.c.idx) + 1).scalar_subquery())
        )
    listed = legal.get("/log?item=service")
    assert "待公布" in listed.text
    index = history(house, "service")[-1].idx
    assert "等待公布" in legal.get(f"/log/entries/{index}").text


def test_the_search_box_goes_straight_to_a_digest_or_a_case(
    house: House, legal: httpx.Client
) -> None:
    case = house.add_case()
    clip = house.clips("093621")[0]

    def goes_to(text: str) -> str:
        return str(legal.get("/search", params={"text": text}).headers["location"])

    assert goes_to(clip.sha256.upper()) == f"/clips/{clip.id}"
    assert goes_to("零城执罚决字（２０２６）012") == f"/cases/{case.id}"
    assert goes_to("门口") == "/clips?text=%E9%97%A8%E5%8F%A3"
    shown = " … ".join((f"{clip.sm3[:4]} {clip.sm3[4:8]}", clip.sm3[-4:])).upper()
    assert goes_to(f"SM3 {shown}") == f"/clips/{clip.id}"
    # What only cases say of themselves leads to them; what both say, to the clips and a way on.
    assert goes_to("餐饮店") == "/cases?text=%E9%A4%90%E9%A5%AE%E5%BA%97"
    assert goes_to("占道") == "/cases?text=%E5%8D%A0%E9%81%93"
    assert CASE_NUMBER in legal.get("/cases?text=示例餐饮").text
    with house.services.database.write() as tx:
        admit_clip(tx, house.services.ledger, "占道")
    both = goes_to("占道")
    assert both == "/clips?text=%E5%8D%A0%E9%81%93"
    assert f'href="{both.replace("clips", "cases")}"' in legal.get(both).text


def test_an_error_says_what_it_means_for_the_evidence(house: House, legal: httpx.Client) -> None:
    page = legal.get("/clips/no-such-clip")
    assert page.status_code == 404
    assert "存档里的录像不能从页面删除" in page.text
    assert 'aria-label="主要栏目"' in page.text
    assert legal.get("/clips?offset=-1").status_code == 422
    for address in ("/clips?text=", "/cases?text=", "/search?text=", "/log?who="):
        assert legal.get(address + "a" * 6_000).status_code == 422, address


def test_language_and_theme_are_kept_without_script(house: House, client: httpx.Client) -> None:
    answer = client.post("/preferences", data={"language": "en", "back": "//evil.example"})
    assert answer.headers["location"] == "/"
    client.post("/preferences", data={"theme": "dark", "language": "klingon"})
    page = client.get("/sign-in").text
    assert '<html lang="en" data-theme="dark">' in page


@pytest.mark.parametrize("form", ["open", "download"])
def test_a_purpose_that_is_missing_is_said_in_the_form(
    house: House, legal: httpx.Client, form: str
) -> None:
    clip = video(house, "093621")
    before = kinds(house, f"clip:{clip.id}")
    answer = submit(house, legal, f"/clips/{clip.id}/{form}", purpose=" ")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/clips/{clip.id}?refused={form}"
    page = legal.get(answer.headers["location"]).text
    of_form = page.partition(f'action="/clips/{clip.id}/{form}"')[2].partition("</form>")[0]
    assert 'aria-invalid="true"' in of_form
    assert page.count("没有填写事由") == page.count('aria-invalid="true"') == 1
    assert "没有填写事由" not in legal.get(f"/clips/{clip.id}?refused=else").text
    assert kinds(house, f"clip:{clip.id}") == before


def test_the_language_of_an_error_leads_to_a_page_that_can_be_asked_for(
    house: House, legal: httpx.Client
) -> None:
    clip = house.clips("093621")[0]
    path = f"/clips/{clip.id}/open"
    where = str(legal.base_url)

    def back(response: httpx.Response) -> str:
        [target] = set(re.findall(r'name="back" value="([^"]*)"', response.text))
        assert legal.get(target).status_code == 200
        return str(target)

    forged = {"csrf": "forged", "purpose": "a test"}
    assert back(legal.post(path, data=forged)) == f"/clips/{clip.id}"
    for referer, target in (
        ("/clips?officer=JX0227", "/clips?officer=JX0227"),
        (path, f"/clips/{clip.id}"),
    ):
        refused = legal.post(path, data=forged, headers={"referer": where + referer})
        assert back(refused) == target
    elsewhere = {"referer": "https://evil.example/clips"}
    assert back(legal.post(path, data=forged, headers=elsewhere)) == f"/clips/{clip.id}"


def test_what_nothing_playable_was_made_of_is_not_offered_for_playing(
    house: House, legal: httpx.Client
) -> None:
    """An opening in the log would say that somebody saw what cannot be seen."""
    clip = house.clips("093621")[0]
    with house.services.database.write() as tx:
        tx.execute(renditions.delete().where(renditions.c.clip_id == clip.id))
        tx.execute(
            clips.update()
            .where(clips.c.id == clip.id)
            .values(state="damaged", media_kind="video", reason="no_index: moov")
        )
    page = legal.get(f"/clips/{clip.id}").text
    assert translate("zh", "viewing.nothing.damaged") in page
    assert translate("zh", "clip.damaged_whole") in page
    assert translate("zh", "clip.reason.damaged") not in page
    assert f'action="/clips/{clip.id}/open"' not in page
