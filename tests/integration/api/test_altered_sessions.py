"""A dock session whose row was altered says so on its own page and in the list, and no more."""

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from tests.services.house import House


def alter(house: House, change: str) -> None:
    with house.services.database.write() as tx:
        tx.execute(sa.text(f"UPDATE dock_sessions SET {change}"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change", ["opened_at = 'zz'", "file_count = 'many'", "source = x'ff00'", "total_bytes = -1"]
)
def test_what_cannot_be_read_is_a_dash(house: House, legal: httpx.Client, change: str) -> None:
    house.add_dock_session()
    with house.services.database.read() as tx:
        station, session = tx.execute(sa.text("SELECT station_id, id FROM dock_sessions")).one()
    sessions = f"/stations/{station}/sessions"
    for page in (sessions, f"{sessions}/{session}"):
        assert translate("zh", "dock.altered") not in legal.get(page).text
    alter(house, change)
    for page in (sessions, f"{sessions}/{session}"):
        answer = legal.get(page)
        assert answer.status_code == 200
        assert translate("zh", "dock.altered") in answer.text
        assert "1970" not in answer.text
    assert '<span class="none">—</span>' in legal.get(sessions).text
    # The list itself is the station's signed word, whatever the row says of it.
    listed = legal.get(f"{sessions}/{session}").text.replace("<wbr>", "")
    assert "TA00716_JX0227_20261122093621.mp4" in listed
