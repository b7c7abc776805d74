"""How far publishing is behind stands on the log's page, with an alarm where it is stuck."""

import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from api.web.locale import translate
from custody.publishing.merge_lag import MergeLag, read_merge_lag
from custody.tables import log_entries
from tests.services.custody import append_events
from tests.services.house import House


def let_wait(house: House, count: int, *, seconds: float) -> None:
    """So many entries more, of which the oldest has been there for so long."""
    services = house.services
    with services.database.write() as tx:
        newest = tx.scalar(sa.select(sa.func.max(log_entries.c.id))) or 0
        append_events(tx, services.ledger, ["service"] * count)
        own = sa.update(log_entries).where(log_entries.c.id > newest)
        tx.execute(own.values(at=services.clock.now() - timedelta(seconds=seconds)))


def page_of(client: httpx.Client) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", client.get("/log").text))


@pytest.mark.parametrize(
    ("seconds", "age"), [(30, "30 秒"), (200, "3 分钟"), (7300, "2 小时"), (200_000, "2 天")]
)
def test_the_page_says_how_many_wait_and_for_how_long(
    house: House, legal: httpx.Client, seconds: int, age: str
) -> None:
    legal.get("/log")  # is an entry itself, which the next page within a minute is not
    house.publish()
    assert translate("zh", "log.all_published") in page_of(legal)
    let_wait(house, 3, seconds=seconds)
    told = page_of(legal)
    assert (
        f"{translate('zh', 'log.waiting', count=3)} · {translate('zh', 'lag.oldest', age=age)}"
        in told
    )
    alarm = translate("zh", "lag.behind", count=3, age=age)
    assert (alarm in told) == (seconds > house.services.config.merge_lag_alarm_s)
    house.publish()
    assert translate("zh", "log.all_published") in page_of(legal)


def test_what_is_numbered_and_not_published_waits_too(house: House) -> None:
    house.publish()
    services = house.services
    let_wait(house, 2, seconds=0)
    with services.database.write() as tx:
        size = tx.scalar(sa.select(sa.func.max(log_entries.c.idx)))
        assert size is not None
        newest = sa.select(sa.func.min(log_entries.c.id)).where(log_entries.c.idx.is_(None))
        first = log_entries.c.id == newest.scalar_subquery()
        tx.execute(sa.update(log_entries).where(first).values(idx=size + 1))
    with services.database.read() as tx:
        lag = read_merge_lag(tx)
        assert lag.entries == 2
        assert lag.oldest_at is not None
    assert lag.seconds(lag.oldest_at + timedelta(seconds=7)) == 7
    # A clock that went back makes nothing wait less than not at all.
    assert lag.age(lag.oldest_at - timedelta(seconds=7)) == timedelta()
    assert MergeLag(0, None).age(lag.oldest_at) == timedelta()
