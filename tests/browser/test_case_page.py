"""A case in the browser: bars that tell and lead, columns that fit, a form that loses nothing."""

import pytest
from playwright.sync_api import expect

from custody.actors import Role
from custody.cases import NewCase, change_case, find_case
from tests.browser.conftest import Visit
from tests.browser.test_every_page import check, choose
from tests.services.house import CASE_NUMBER


def open_case(visit: Visit) -> None:
    visit.go(f"/search?text={CASE_NUMBER}")
    expect(visit.page.locator("h1")).to_have_text(CASE_NUMBER)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "across"), [(1366, 6), (900, 3), (390, 1)])
def test_stages_stand_side_by_side_as_far_as_there_is_room(
    visit: Visit, width: int, across: int, language: str
) -> None:
    visit.page.set_viewport_size({"width": width, "height": 768})
    choose(visit, language, "light")
    visit.sign_in(Role.LEGAL)
    open_case(visit)
    check(visit)
    tops = visit.page.locator(".stage").evaluate_all(
        "stages => stages.map(stage => stage.getBoundingClientRect().top)"
    )
    assert len(tops) == 6
    assert tops.count(tops[0]) == across


def test_a_bar_says_what_it_is_on_hover_and_on_focus_and_leads_to_its_clip(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    open_case(visit)
    piece = page.locator("a.piece").first
    piece.hover()
    expect(page.locator(".tip")).to_contain_text("2026-11-22 09:36:21–09:36:24 · 0:03 · 调查取证")
    # The browser's own would lie over it.
    expect(piece.locator("title")).to_have_count(0)
    page.keyboard.press("Escape")
    piece.focus()
    expect(page.locator(".tip")).to_contain_text("JX0227")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips/*-*")
    expect(page.locator("h1")).to_contain_text("093621")


def test_a_bar_tells_without_script_too(plain_visit: Visit) -> None:
    plain_visit.sign_in(Role.LEGAL)
    open_case(plain_visit)
    piece = plain_visit.page.locator("a.piece").first
    assert "09:36:21–09:36:24" in (piece.locator("title").text_content() or "")
    piece.click(force=True)
    expect(plain_visit.page.locator("h1")).to_contain_text("093621")


def test_a_form_that_is_too_old_shows_both_and_is_saved_knowingly(visit: Visit) -> None:
    page, house = visit.page, visit.site.house
    visit.sign_in(Role.LEGAL)
    open_case(visit)
    page.get_by_role("link", name="修改案件").click()
    check(visit)
    page.fill("[name=title]", "鲍勃的案由")
    with house.services.database.write() as tx:
        case = find_case(tx, CASE_NUMBER)
        assert case is not None
        new = NewCase(
            case.number, case.procedure, "爱丽丝的案由", case.party, case.occurred_on, case.officers
        )
        change_case(tx, house.services.ledger, house.actor(Role.ADMIN), case.id, new)
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_role("alert")).to_contain_text("爱丽丝")
    expect(page.locator(".conflict tbody tr")).to_have_count(1)
    check(visit)
    page.set_viewport_size({"width": 390, "height": 844})
    check(visit)
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator(".lead")).to_have_text("鲍勃的案由")
    expect(page.get_by_role("status").first).to_contain_text("已修改")
    expect(page.locator(".history")).to_contain_text("修改案件")


def test_the_theme_keeps_what_is_typed_in_a_form_that_was_refused(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/cases/new")
    page.fill("#number", "12号")
    page.fill("#title", "店外经营")
    page.fill("#officers", "JX0227")
    page.click("main form button.main")
    page.wait_for_selector(".notice.broken")
    page.click(".reader button:visible[name=theme]")
    page.wait_for_url("**/cases/new")
    expect(page.locator("#title")).to_have_value("店外经营")
    expect(page.locator("#officers")).to_have_value("JX0227")
    visit.go("/cases/new")
    expect(page.locator("#title")).to_have_value("")


def test_a_clip_that_is_in_the_case_already_is_asked_about_and_left(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/clips?text=093621")
    page.locator("[data-rows] .first").first.click()
    clip_page = page.url
    page.get_by_text("关联到其他案件").click()
    page.fill("details[open] [name=case]", CASE_NUMBER)
    page.select_option("details[open] [name=stage]", "service")
    page.click("details[open] form[action='/links'] button.main")
    expect(page.locator(".notice.waiting")).to_contain_text("1 条原已关联到这个案件的其他环节")
    check(visit)
    page.uncheck("[name=clip_id]")
    expect(page.get_by_role("button", name="换环节")).to_be_disabled()
    page.click("button[name=language]")  # the answer to a form, asked for again
    expect(page.locator("h1")).to_have_text("Already linked")
    page.get_by_role("link", name="Leave them").click()
    expect(page).to_have_url(clip_page)
