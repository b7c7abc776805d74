"""Choosing clips for a case: the bar that says how many, at hand on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from custody.actors import Role
from tests.browser.conftest import Visit
from tests.browser.test_every_page import check, choose
from tests.services.house import CASE_NUMBER

#: What a finger can hit, in CSS pixels.
TARGET = 44


def go_from_the_case_to_its_clips(visit: Visit) -> None:
    visit.sign_in(Role.LEGAL)
    visit.go(f"/search?text={CASE_NUMBER}")
    visit.page.get_by_role("link", name="查找 JX0227 的录像").click()
    visit.page.wait_for_url(re.compile(r"/clips\?case="))


def in_sight(page: Page, selector: str) -> bool:
    """Whether it lies in the window and nothing lies over its middle."""
    found = page.locator(selector).first.evaluate(
        """element => {
            const box = element.getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return element === hit || element.contains(hit);
        }"""
    )
    return bool(found)


def test_clips_are_chosen_for_a_case_without_scrolling_or_typing(visit: Visit) -> None:
    page = visit.page
    go_from_the_case_to_its_clips(visit)
    button = ".bulk button.main"
    assert in_sight(page, button)
    expect(page.locator(button)).to_be_disabled()
    boxes = page.locator("input[name=clip_id]")
    boxes.first.check()
    expect(page.locator("[data-chosen]")).to_have_text("已选 1 条")
    page.locator("th [data-select-all]").check()
    expect(page.locator("[data-chosen]")).to_have_text(f"已选 {boxes.count()} 条")
    boxes.first.uncheck()
    assert page.locator("th [data-select-all]").evaluate("box => box.indeterminate")
    check(visit)
    page.get_by_role("link", name="回到案件").click()
    expect(page.locator("h1")).to_have_text(CASE_NUMBER)


def test_a_thumb_can_choose_and_link(phone_visit: Visit) -> None:
    page = phone_visit.page
    go_from_the_case_to_its_clips(phone_visit)
    ticks = page.locator("td.select .tick")
    for box in (ticks.nth(n).bounding_box() for n in range(ticks.count())):
        assert box is not None
        assert min(box["width"], box["height"]) >= TARGET
    ticks.first.tap()
    expect(page.locator("[data-chosen]")).to_have_text("已选 1 条")
    for selector in (".bulk button.main", ".bulk select", ".bulk .tick"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["height"] >= TARGET
        assert in_sight(page, selector)
    check(phone_visit)
    page.locator(".bulk .tick").tap()
    expect(page.locator("[data-chosen]")).to_have_text(f"已选 {ticks.count()} 条")
    page.locator(".bulk .tick").tap()
    expect(page.locator(".bulk button.main")).to_be_hidden()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_number_can_be_typed_where_no_case_is_chosen(phone_visit: Visit, language: str) -> None:
    choose(phone_visit, language, "dark")
    phone_visit.sign_in(Role.LEGAL)
    phone_visit.go("/clips")
    phone_visit.page.locator("td.select .tick").first.tap()
    check(phone_visit)
    assert in_sight(phone_visit.page, ".bulk input[name=case]")


def test_clips_are_chosen_without_script_too(plain_visit: Visit) -> None:
    go_from_the_case_to_its_clips(plain_visit)
    page = plain_visit.page
    expect(page.locator(".bulk button.main")).to_be_enabled()
    for hint in ("[data-clear-chosen]", "[data-too-many]", "[data-elsewhere]"):
        expect(page.locator(hint)).to_be_hidden()
    expect(page.locator("[data-chosen]")).to_be_hidden()
    page.click(".bulk button.main")
    expect(page.locator("h1")).to_have_text("没有选中录像。")


def test_ticks_outlast_a_change_of_the_filter_and_are_linked_together(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/clips?officer=JX0227")
    page.locator("input[name=clip_id]").first.check()
    first = page.locator("input[name=clip_id]").first.input_value()
    visit.go("/clips?officer=JX0228")
    expect(page.locator("[data-chosen]")).to_have_text("已选 1 条")
    expect(page.locator("[data-elsewhere]")).to_have_text("其中 1 条不在本页")
    page.locator("input[name=clip_id]").first.check()
    expect(page.locator("[data-chosen]")).to_have_text("已选 2 条")
    check(visit)
    # A case that is not there: both are still named, and cancelling loses neither.
    page.fill(".bulk [name=case]", "零城执罚决字〔2026〕第999号")
    page.click(".bulk button.main")
    expect(page.locator("form.panel [name=clip_id]")).to_have_count(2)
    page.get_by_role("link", name="取消").click()
    expect(page.locator("[data-chosen]")).to_have_text("已选 2 条")
    visit.go("/clips")
    expect(page.locator(f"input[value='{first}']")).to_be_checked()
    expect(page.locator("[data-elsewhere]")).to_be_hidden()
    page.click("[data-clear-chosen]")
    expect(page.locator("[data-chosen]")).to_be_hidden()
    visit.go("/clips?officer=JX0227")
    expect(page.locator("input[name=clip_id]:checked")).to_have_count(0)
    expect(page.locator(".bulk button.main")).to_be_disabled()


def test_ticks_for_one_case_are_none_for_another(visit: Visit) -> None:
    go_from_the_case_to_its_clips(visit)
    visit.page.locator("input[name=clip_id]").first.check()
    visit.go("/clips")
    expect(visit.page.locator("[data-chosen]")).to_be_hidden()


def test_what_was_refused_stays_ticked_on_every_page_of_the_unassigned(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/unassigned")
    page.locator("input[name=clip_id]").first.check()
    elsewhere = "00000000-0000-7000-8000-000000000000"
    page.evaluate(
        "id => sessionStorage.setItem('liuhen-chosen unassigned', JSON.stringify("
        "[...JSON.parse(sessionStorage.getItem('liuhen-chosen unassigned')), id]))",
        elsewhere,
    )
    page.click("#many button.main")
    expect(page.locator("#refused")).to_be_visible()
    expect(page.locator("[data-chosen]")).to_have_text("已选 2 条")
    expect(page.locator("[data-elsewhere]")).to_have_text("其中 1 条不在本页")
