"""The main errand: sign in, open a clip, play, seek, see one's own access, verify, link."""

import re
import time

from playwright.sync_api import expect

from custody.actors import Role
from tests.browser.conftest import Visit
from tests.services.house import CASE_NUMBER

PURPOSE = "核对执法过程"


def open_clip(visit: Visit, text: str, purpose: str = PURPOSE) -> None:
    visit.go(f"/clips?text={text}")
    visit.page.locator("[data-rows] .first").first.click()
    visit.page.fill("[name=purpose]", purpose)
    visit.page.click(".closed button.main")
    visit.page.wait_for_selector(".stage-box:not(.closed)")


def until(visit: Visit, expression: str, patience_s: float = 20) -> None:
    """Wait for the page's ``expression`` to hold; asked from outside, for the page may not eval."""
    deadline = time.monotonic() + patience_s
    while not visit.page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        visit.page.wait_for_timeout(50)


def media_value(visit: Visit, expression: str) -> float:
    value = visit.page.evaluate(f"document.querySelector('video, audio').{expression}")
    assert isinstance(value, int | float)
    return value


def test_a_clip_is_opened_played_sought_and_the_access_is_seen(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    ranges: list[str] = []
    page.on(
        "response",
        lambda answer: (
            ranges.append(answer.headers.get("content-range", ""))
            if "/stream" in answer.url and answer.status == 206
            else None
        ),
    )
    open_clip(visit, "093621")
    page.wait_for_selector(".plyr")
    until(visit, "document.querySelector('video').readyState >= 2")
    page.evaluate("document.querySelector('video').muted = true")
    page.click(".plyr__control--overlaid")
    until(visit, "document.querySelector('video').currentTime > 0.3")
    page.evaluate("document.querySelector('video').pause()")
    page.evaluate("document.querySelector('video').currentTime = 2.2")
    until(visit, "!document.querySelector('video').seeking")
    assert 2.1 < media_value(visit, "currentTime") < 2.4
    assert media_value(visit, "error === null ? 1 : 0") == 1
    assert ranges
    # The viewer's name is over the picture, in full screen too: inside the player's own box.
    expect(page.locator(".plyr .bearer").first).to_contain_text("鲍勃")
    # My own access: published, numbered, and its entry leads to its proof.
    page.reload()
    row = page.locator(".history tr", has_text=PURPOSE).first
    expect(row).to_contain_text("鲍勃")
    for _ in range(20):
        if row.locator("a").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    row.locator("a").click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"#\d+"))
    expect(page.locator("main")).to_contain_text("clip.opened")


def test_seeking_reads_a_part_and_not_the_whole(visit: Visit) -> None:
    visit.sign_in(Role.LEGAL)
    open_clip(visit, "093621")
    source = visit.page.locator("video source").get_attribute("src")
    assert source is not None
    answer = visit.context.request.get(
        visit.site.address + source, headers={"Range": "bytes=100-199"}
    )
    assert answer.status == 206
    assert len(answer.body()) == 100
    beyond = visit.context.request.get(
        visit.site.address + source, headers={"Range": "bytes=99999999-"}
    )
    assert beyond.status == 416


def test_marks_of_the_trace_say_who_and_why_on_hover_and_on_focus(visit: Visit) -> None:
    visit.sign_in(Role.LEGAL)
    open_clip(visit, "101500", "看标记")
    mark = visit.page.locator(".trace-full .mark").last
    mark.hover()
    expect(visit.page.locator(".tip")).to_contain_text("看标记")
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator(".tip")).to_have_count(0)
    visit.page.locator(".trace-full .mark").first.focus()
    expect(visit.page.locator(".tip")).to_contain_text("入库")


def test_a_clip_is_verified_now_and_shows_its_proof(visit: Visit) -> None:
    visit.sign_in(Role.ADMIN)
    visit.go("/clips?text=093621")
    visit.page.locator("[data-rows] .first").first.click()
    visit.page.click("form[hx-post] button")
    verdict = visit.page.locator(".verdict")
    expect(verdict).to_contain_text("核验通过")
    verdict.locator("summary").click()
    expect(verdict.locator("pre")).to_contain_text(visit.site.house.services.config.origin)


def unlink(visit: Visit) -> None:
    """Take the clip of the page out of its case: asked once more, and only then done."""
    page = visit.page
    expect(page.get_by_role("button", name="确认取消关联")).to_be_hidden()
    page.locator(".ask summary").first.click()
    expect(page.locator(".ask[open] p")).to_contain_text(CASE_NUMBER)
    page.get_by_role("button", name="确认取消关联").click()
    expect(page.get_by_role("status").first).to_contain_text("已取消关联")


def test_unlinking_asks_without_script_too(plain_visit: Visit) -> None:
    page = plain_visit.page
    plain_visit.sign_in(Role.LEGAL)
    plain_visit.go("/clips?text=170000")
    page.locator("[data-rows] .first").first.click()
    page.get_by_role("button", name="确认关联").click()
    unlink(plain_visit)
    expect(page.locator(".history")).to_contain_text("取消关联")


def test_a_suggestion_is_confirmed_and_taken_back(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/clips?text=093700")
    page.locator("[data-rows] .first").first.click()
    page.locator("select[name=stage]").first.select_option("service")
    page.get_by_role("button", name="确认关联").click()
    expect(page.locator(".rows")).to_contain_text([re.compile(f"{CASE_NUMBER}.*送达", re.S)])
    unlink(visit)
    expect(page.get_by_role("button", name="确认关联")).to_be_visible()
    expect(page.locator(".history")).to_contain_text("取消关联")


def test_the_administrator_sees_no_picture_and_is_told_why(visit: Visit) -> None:
    visit.sign_in(Role.ADMIN)
    visit.go("/clips")
    expect(visit.page.locator("img.thumb")).to_have_count(0)
    visit.page.locator("[data-rows] .first").first.click()
    expect(visit.page.locator(".closed")).to_contain_text("管理员不能看画面")
    expect(visit.page.locator("form[action$='/open']")).to_have_count(0)


def test_sound_and_pictures_get_what_fits_them(visit: Visit) -> None:
    visit.sign_in(Role.LEGAL)
    open_clip(visit, "093700")
    until(visit, "document.querySelector('audio').readyState >= 1")
    open_clip(visit, "160000")
    picture = visit.page.locator(".stage-box img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


def test_everything_in_the_archive_is_verified_in_the_background(visit: Visit) -> None:
    visit.sign_in(Role.LEGAL)
    visit.go("/verification")
    visit.page.click(".start button")
    expect(visit.page.locator("#run .notice")).to_contain_text("全部一致", timeout=60_000)
    expect(visit.page.locator(".start button")).to_be_visible()


def test_what_was_just_done_turns_proved_before_the_readers_eyes(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    open_clip(visit, "093621", "看公布")
    page.evaluate("document.querySelector('video').dataset.same = 'yes'")
    row = page.locator(".history tr", has_text="看公布")
    height = "document.querySelector('.trace-full').getBoundingClientRect().height"
    before = page.evaluate(height)
    mark = page.locator(".trace-full .mark").first
    mark.focus()
    expect(row).to_contain_text("已证明", timeout=40_000)
    expect(page.locator(".trace-full")).to_contain_text("已证明")
    expect(mark).to_be_focused()
    assert page.evaluate(height) == before
    assert page.evaluate("document.querySelector('video').dataset.same") == "yes"
    # Verifying writes one more entry, which is waited for anew.
    runs = page.locator(".history tr", has_text="核验").count()
    page.click("form[hx-post] button")
    expect(page.locator(".verdict")).to_contain_text("核验通过")
    expect(page.locator(".history tr", has_text="核验")).to_have_count(runs + 1, timeout=40_000)
    expect(page.locator(".history .state.waiting")).to_have_count(0, timeout=40_000)
