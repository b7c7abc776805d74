"""A browser in front of a whole archive, watched for whatever a page must not do."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from api.app import create_app
from api.auth.users import create_user
from custody.actors import Role
from custody.cases import CaseOfficer, NewCase, Procedure, create_case
from ingest.stations import create_enrolment_token
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.services.custody import admit_clip
from tests.services.house import PASSWORD, House, open_house
from tests.services.http_server import serving


@dataclass(frozen=True, slots=True)
class Site:
    """An archive behind an address."""

    house: House
    address: str


@dataclass
class Visit:
    """One person's browser. ``complaints``: violations, errors and calls to anywhere else."""

    site: Site
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def sign_in(self, role: Role) -> None:
        self.go("/sign-in")
        self.page.fill("[name=name]", self.site.house.people[role].name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click(".door button.main")
        self.page.wait_for_selector("nav.rooms")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        browser.close()


def _served(house: House) -> Iterator[Site]:
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(0.3):
            house.publish()

    publisher = threading.Thread(target=publish, daemon=True)
    with serving(create_app(house.services)) as address:
        publisher.start()
        yield Site(house, address)
        ended.set()
        publisher.join(10)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An archive with footage and a case."""
    folder = tmp_path_factory.mktemp("site")
    with open_house(folder / "home") as house:
        house.add_footage(folder / "footage")
        house.add_case(linked="093621")
        house.add_dock_session()
        house.publish()
        yield from _served(house)


@pytest.fixture(scope="session")
def wordy_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An archive in which every name is one word as long as it may be."""
    with open_house(tmp_path_factory.mktemp("wordy") / "home") as house:
        services = house.services
        with services.database.write() as tx:
            common = (tx, services.ledger, house.actor(Role.ADMIN))
            create_user(
                *common, services.clock, name="a" * 64, display_name="N" * 100, role=Role.LEGAL
            )
            create_enrolment_token(tx, services.clock, *common[1:], "S" * 128)
            admit_clip(tx, services.ledger, "wordy", name="W" * 251 + ".mp4")
            create_case(
                *common,
                NewCase(
                    f"{'零' * 39}字〔2026〕第12345678号",
                    Procedure.GENERAL,
                    "M" * 500,
                    party="P" * 500,
                    officers=(CaseOfficer("J" * 64, "9" * 64),),
                ),
            )
        yield from _served(house)


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An archive on its first day."""
    with open_house(tmp_path_factory.mktemp("empty") / "home") as house:
        yield from _served(house)


def _visit(browser: Browser, site: Site, **options: object) -> Iterator[Visit]:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    visit = Visit(site, context, page)

    def hear(message: ConsoleMessage) -> None:
        # A page that answers 403 or 404 on purpose is told so here too; that is no fault.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            visit.complaints.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: visit.complaints.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((site.address, "data:", "blob:"))
            else visit.complaints.append(f"{page.url} asked {request.url}")
        ),
    )
    yield visit
    context.close()
    assert visit.complaints == []


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A browser that must stay without complaint."""
    yield from _visit(browser, site)


@pytest.fixture
def empty_visit(browser: Browser, empty_site: Site) -> Iterator[Visit]:
    yield from _visit(browser, empty_site)


@pytest.fixture
def wordy_visit(browser: Browser, wordy_site: Site) -> Iterator[Visit]:
    yield from _visit(browser, wordy_site)


@pytest.fixture
def phone_visit(browser: Browser, site: Site) -> Iterator[Visit]:
    yield from _visit(browser, site, viewport={"width": 390, "height": 844}, has_touch=True)


@pytest.fixture
def plain_visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A browser that runs no script."""
    yield from _visit(browser, site, java_script_enabled=False)
