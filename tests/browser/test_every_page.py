"""Every page, in both languages and themes, on a desk and on a phone: axe finds nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from custody.actors import Role
from tests.browser.conftest import Visit

PAGES = (
    "/clips",
    "/clips?state=ready&officer=JX0227",
    "/clips?text=nothing-like-it",
    "/unassigned",
    "/cases",
    "/cases/new",
    "/stations",
    "/verification",
    "/log",
    "/log?kind=clip.opened",
    "/log/entries/3",
    "/users",
    "/password",
    "/no-such-page",
)
#: Scripts of one page, as they come over the wire, in bytes (look.md, "Manners").
SCRIPT_LIMIT = 150_000


def check(visit: Visit) -> None:
    found = Axe().run(visit.page)
    assert found.violations_count == 0, f"{visit.page.url}\n{found.generate_report()}"
    width = visit.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"{visit.page.url} is wider than the screen"


def choose(visit: Visit, language: str, theme: str) -> None:
    for name, value in (("liuhen_language", language), ("liuhen_theme", theme)):
        visit.context.add_cookies([{"name": name, "value": value, "url": visit.site.address}])


def check_dock_session(visit: Visit) -> None:
    """From the stations to a list of sessions and into one."""
    visit.go("/stations")
    visit.page.locator("a[href$='/sessions']").first.click()
    visit.page.wait_for_url("**/sessions")
    check(visit)
    visit.page.locator("[data-rows] .first").first.click()
    visit.page.wait_for_url("**/sessions/*")
    expect(visit.page.locator("[data-rows] tbody tr")).to_have_count(6)
    check(visit)


@pytest.mark.parametrize(
    ("role", "language", "theme", "width"),
    [
        (Role.LEGAL, "zh", "light", 1366),
        (Role.ADMIN, "en", "dark", 1280),
        (Role.LEGAL, "en", "dark", 900),
        (Role.ADMIN, "zh", "light", 1440),
    ],
)
def test_axe_finds_nothing(visit: Visit, role: Role, language: str, theme: str, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 768})
    choose(visit, language, theme)
    visit.go("/sign-in")
    check(visit)
    visit.sign_in(role)
    for path in PAGES:
        visit.go(path)
        check(visit)
    for path in ("/clips?text=093621", "/cases"):
        visit.go(path)
        visit.page.locator("[data-rows] .first").first.click()
        visit.page.wait_for_load_state()
        check(visit)
    check_dock_session(visit)
    if role is Role.LEGAL:
        visit.go("/clips?text=101500")
        visit.page.locator("[data-rows] .first").first.click()
        visit.page.click(".closed button.main")
        visit.page.wait_for_selector(".plyr")
        check(visit)


def test_an_empty_archive_says_what_to_do_first(empty_visit: Visit) -> None:
    empty_visit.sign_in(Role.LEGAL)
    for path in ("/clips", "/cases", "/stations", "/unassigned"):
        empty_visit.go(path)
        expect(empty_visit.page.locator(".empty h2")).to_be_visible()
        check(empty_visit)


def test_pages_fit_a_phone(phone_visit: Visit) -> None:
    phone_visit.sign_in(Role.LEGAL)
    for path in PAGES:
        phone_visit.go(path)
        check(phone_visit)
    phone_visit.go("/clips?text=093621")
    phone_visit.page.locator("[data-rows] .first").first.click()
    phone_visit.page.wait_for_load_state()
    check(phone_visit)
    check_dock_session(phone_visit)


def test_reading_needs_no_script(plain_visit: Visit) -> None:
    page = plain_visit.page
    plain_visit.sign_in(Role.LEGAL)
    page.select_option("[name=kind]", "audio")
    page.click(".filters button")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("Clips")
    page.locator("[name=theme][value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("[data-rows] .first").first.click()
    page.click("form[action$='/verify'] button")
    expect(page.locator(".verdict")).to_contain_text("It verifies")


def test_the_keyboard_is_enough(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/clips")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("093621")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips?text=093621")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-rows] .first").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips/*-*")
    expect(page.locator("h1")).to_contain_text("093621")


def test_filters_live_in_the_address_and_come_off_one_by_one(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    visit.go("/clips?officer=JX0227&from=2026-11-22&to=2026-11-22&important=1")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    expect(page.locator(".chips .chip")).to_have_count(4)
    page.locator(".chip", has_text="重点标记").click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(3)
    page.go_back()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)


def test_a_page_brings_little_script_and_the_same_file_never_twice(visit: Visit) -> None:
    page = visit.page
    visit.sign_in(Role.LEGAL)
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: (
            sizes.__setitem__(answer.url, int(answer.headers["content-length"]))
            if ".js" in answer.url
            else None
        ),
    )
    visit.go("/clips?text=093621")
    page.locator("[data-rows] .first").first.click()
    page.click(".closed button.main")
    page.wait_for_selector(".plyr")
    assert 0 < sum(sizes.values()) < SCRIPT_LIMIT
    assert all("?v=" in address for address in sizes)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_fits_an_old_screen_with_its_scroll_bar(visit: Visit, language: str) -> None:
    choose(visit, language, "light")
    visit.sign_in(Role.LEGAL)
    visit.page.set_viewport_size({"width": 1366 - 17, "height": 768})
    visit.go("/clips?officer=JX0227")  # one of these is linked, which fills the last column
    expect(visit.page.locator("table.clips td:last-child a").first).to_be_visible()
    table = "document.querySelector('.table')"
    assert visit.page.evaluate(f"{table}.scrollWidth - {table}.clientWidth") == 0
