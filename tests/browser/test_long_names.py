"""Names of one word as long as they may be push nothing off the screen."""

import pytest
from playwright.sync_api import expect

from custody.actors import Role
from tests.browser.conftest import Visit
from tests.browser.test_every_page import check

#: Whether all of a table is in sight without scrolling it.
IN_SIGHT = "table => table.scrollWidth <= table.parentElement.clientWidth"


@pytest.mark.parametrize("width", [1366, 390])
def test_a_long_account_leaves_its_actions_in_sight(wordy_visit: Visit, width: int) -> None:
    page = wordy_visit.page
    page.set_viewport_size({"width": width, "height": 768})
    wordy_visit.sign_in(Role.ADMIN)
    wordy_visit.go("/users")
    check(wordy_visit)
    assert page.locator(".table table").evaluate(IN_SIGHT)
    asked = page.locator("tr", has_text="a" * 64).locator("details.ask").first
    asked.locator("summary").click()
    expect(asked.locator("button")).to_be_in_viewport()
    check(wordy_visit)


@pytest.mark.parametrize("width", [1366, 390])
def test_long_names_leave_every_column_of_a_list_in_sight(wordy_visit: Visit, width: int) -> None:
    page = wordy_visit.page
    page.set_viewport_size({"width": width, "height": 768})
    wordy_visit.sign_in(Role.LEGAL)
    for path in ("/clips", "/cases", "/unassigned", "/log", "/stations"):
        wordy_visit.go(path)
        check(wordy_visit)
        for table in page.locator(".table table").all():
            assert table.evaluate(IN_SIGHT), path
    for path in ("/clips", "/cases"):
        wordy_visit.go(path)
        page.locator("[data-rows] .first").first.click()
        page.wait_for_load_state()
        check(wordy_visit)
