"""An insider at the timestamps: rows, objects, roots, and entries that claim another time."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509

from custody.actors import Role
from custody.clock import FixedClock
from custody.events import EventKind
from custody.ledger import Event
from custody.object_keys import checkpoint_archive_key, timestamp_key
from custody.tables import timestamps
from custody.timestamps.authorities import Authority as Configured
from custody.timestamps.stamper import Stamper
from custody.timestamps.stamps import Timestamp, add_timestamp, list_timestamps
from custody.timestamps.tokens import new_request, read_token
from custody.verification import LOG_ONLY, FindingCode
from tests.services.authority import Authority, answering, make_authority
from tests.tamper import attacks
from tests.tamper.conftest import signed_in
from tests.tamper.worlds import LEGAL, OPERATOR, World

C = FindingCode


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [make_authority(folder / kind, kind, kind) for kind in ("rsa", "ecdsa")]


def configured(authority: Authority) -> Configured:
    pem = authority.roots.read_bytes()
    return Configured(
        authority.name, authority.url, tuple(x509.load_pem_x509_certificates(pem)), pem
    )


def trusting(world: World, *authorities: Authority) -> World:
    """The same world with these authorities in its configuration."""
    services = world.services
    stamper = Stamper(
        services.database,
        services.store,
        services.ledger,
        services.clock,
        tuple(configured(one) for one in authorities),
        timedelta(days=1),
    )
    return replace(world, services=replace(services, stamper=stamper))


def set_clock(world: World, moment: datetime) -> None:
    clock = world.services.clock
    assert isinstance(clock, FixedClock)
    clock.moment = moment


@pytest.fixture
def stamped(world: World, made: list[Authority]) -> World:
    """Its newest checkpoint is stamped by both authorities, and that is published."""
    set_clock(world, datetime.now(UTC))
    with ExitStack() as stack:
        for one in made:
            stack.enter_context(answering(one))
        stamped = trusting(world, *made)
        outcomes = stamped.services.stamper.stamp_all(OPERATOR)
    assert [one.result for one in outcomes] == ["stamped", "stamped"]
    stamped.publish()
    return stamped


def codes(world: World) -> set[FindingCode]:
    return {one.code for one in world.verify().findings}


def stamps_of(world: World) -> list[Timestamp]:
    with world.services.database.read() as tx:
        return list_timestamps(tx)


def token_path(world: World, authority: str = "rsa") -> Path:
    [size] = {one.size for one in stamps_of(world)}
    return attacks.object_path(world, timestamp_key(size, authority))


def note_of(world: World) -> tuple[int, bytes]:
    [size] = {one.size for one in stamps_of(world)}
    return size, world.services.store.read_bytes(checkpoint_archive_key(size))


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def alter_row(**values: object) -> Callable[[World], None]:
    def attack(world: World) -> None:
        attacks.update(world, timestamps, timestamps.c.authority == "rsa", **values)

    return attack


def flip_the_row(world: World) -> None:
    token = next(one.token for one in stamps_of(world) if one.authority == "rsa")
    alter_row(token=flipped(token))(world)


def delete_row(world: World) -> None:
    with world.services.database.write() as tx:
        tx.execute(timestamps.delete().where(timestamps.c.authority == "rsa"))


def flip_the_object(world: World) -> None:
    path = token_path(world)
    attacks.overwrite(path, flipped(path.read_bytes()))


def delete_the_object(world: World) -> None:
    token_path(world).unlink()


def delete_both(world: World) -> None:
    delete_the_object(world)
    delete_row(world)


def swap_authorities(world: World) -> None:
    """Row and object of one authority hold what the other signed, which is a good token."""
    other = next(one.token for one in stamps_of(world) if one.authority == "ecdsa")
    alter_row(token=other)(world)
    attacks.overwrite(token_path(world), other)


def move_to_another_checkpoint(world: World) -> None:
    alter_row(size=1)(world)


def insert_row(world: World) -> None:
    stamp = stamps_of(world)[0]
    with world.services.database.write() as tx:
        tx.execute(
            timestamps.insert().values(
                size=1,
                authority="rsa",
                token=stamp.token,
                stamped_at=stamp.stamped_at,
                received_at=stamp.received_at,
            )
        )


MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ATTACKS = [
    (flip_the_row, {C.TIMESTAMP_ALTERED}),
    (alter_row(stamped_at=MOMENT), {C.TIMESTAMP_ALTERED}),
    (delete_row, {C.TIMESTAMP_MISSING}),
    (flip_the_object, {C.TIMESTAMP_ALTERED}),
    (delete_the_object, {C.TIMESTAMP_MISSING}),
    (delete_both, {C.TIMESTAMP_MISSING}),
    (swap_authorities, {C.TIMESTAMP_ALTERED}),
    (move_to_another_checkpoint, {C.TIMESTAMP_MISSING, C.TIMESTAMP_WITHOUT_ENTRY}),
    (insert_row, {C.TIMESTAMP_WITHOUT_ENTRY}),
]


def test_stamped_and_untouched_is_clean(stamped: World) -> None:
    assert stamped.verify().findings == []
    assert stamped.verify(LOG_ONLY).good


@pytest.mark.parametrize(
    ("attack", "expected"), ATTACKS, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_done_to_a_timestamp_is_named(
    stamped: World, attack: Callable[[World], None], expected: set[FindingCode]
) -> None:
    attack(stamped)
    assert codes(stamped) == expected


def test_an_authority_without_roots_is_named(stamped: World, made: list[Authority]) -> None:
    assert codes(trusting(stamped, made[1])) == {C.TIMESTAMP_AUTHORITY}


def test_roots_that_were_exchanged_are_named(stamped: World, made: list[Authority]) -> None:
    """The other authority's root under this one's name: nothing it signed leads there."""
    other = replace(made[1], name="rsa", lock=made[1].lock)
    assert codes(trusting(stamped, other, made[1])) == {C.TIMESTAMP_CHAIN}


def add_forged(world: World, raw: bytes, *, stamped_at: datetime | None = None) -> None:
    """With its entry and its object, as somebody with the server's own key could."""
    services = world.services
    size, _ = note_of(world)
    services.store.put_bytes(timestamp_key(size, "forged"), raw)
    moment = services.clock.now().replace(microsecond=0) if stamped_at is None else stamped_at
    with services.database.write() as tx:
        stamp = Timestamp(size, "forged", raw, moment, services.clock.now())
        assert add_timestamp(tx, services.ledger, OPERATOR, stamp)
    world.publish()


def forging(made: list[Authority], **changes: object) -> Authority:
    return replace(made[0], name="forged", **changes)  # type: ignore[arg-type]


def test_a_token_of_other_bytes_is_named(stamped: World, made: list[Authority]) -> None:
    raw = made[0].reply(new_request(b"another checkpoint").data)
    add_forged(stamped, raw, stamped_at=read_token(raw).stamped_at)
    assert codes(trusting(stamped, *made, forging(made))) == {C.TIMESTAMP_OTHER}


def test_what_is_no_token_is_named(stamped: World, made: list[Authority]) -> None:
    add_forged(stamped, b"nothing that anybody signed")
    assert codes(trusting(stamped, *made, forging(made))) == {C.TIMESTAMP_ALTERED}


def test_a_certificate_that_did_not_hold_then_is_named(
    stamped: World, made: list[Authority], tmp_path: Path
) -> None:
    yesterday = timedelta(days=-1)
    lapsed = make_authority(tmp_path / "lapsed", "forged", "ecdsa", ends=yesterday)
    raw = lapsed.reply(new_request(note_of(stamped)[1]).data)
    add_forged(stamped, raw, stamped_at=read_token(raw).stamped_at)
    assert codes(trusting(stamped, *made, lapsed)) == {C.TIMESTAMP_CHAIN}


def test_another_time_in_the_log_than_in_the_token_is_named(
    stamped: World, made: list[Authority]
) -> None:
    raw = made[0].reply(new_request(note_of(stamped)[1]).data)
    earlier = read_token(raw).stamped_at - timedelta(days=3)
    add_forged(stamped, raw, stamped_at=earlier)
    assert codes(trusting(stamped, *made, forging(made))) == {C.TIMESTAMP_ALTERED}


def append_at(world: World, moment: datetime) -> None:
    """An entry that says another time than that of the authorities."""
    before = world.services.clock.now()
    set_clock(world, moment)
    with world.services.database.write() as tx:
        world.services.ledger.append(tx, LEGAL, Event(EventKind.LOG_READ, "log"))
    set_clock(world, before)
    world.publish()


def test_a_back_dated_entry_is_named(stamped: World) -> None:
    """Made after the timestamp, with the time of last week in it, signed and published as ever."""
    now = stamped.services.clock.now()
    append_at(stamped, now - timedelta(days=7))
    [finding] = stamped.verify().findings
    assert (finding.code, finding.subject) == (C.ENTRY_TIME, f"log:{finding.entry_index}")
    assert "was not in the log yet" in finding.message


def test_a_time_to_come_is_named_once_it_is_stamped(stamped: World, made: list[Authority]) -> None:
    append_at(stamped, stamped.services.clock.now() + timedelta(hours=3))
    assert stamped.verify().findings == []
    with ExitStack() as stack:
        for one in made:
            stack.enter_context(answering(one))
        outcomes = trusting(stamped, *made).services.stamper.stamp_all(OPERATOR)
    assert [one.result for one in outcomes] == ["stamped", "stamped"]
    stamped.publish()
    [finding] = stamped.verify().findings
    assert finding.code == C.ENTRY_TIME
    assert "was in the log already" in finding.message


def test_clocks_that_differ_a_little_are_no_finding(stamped: World) -> None:
    append_at(stamped, stamped.services.clock.now() - timedelta(minutes=50))
    assert stamped.verify().findings == []


#: What an insider may write so that the page of the log, and the list, have something odd to show.
ODD = [
    "UPDATE timestamps SET stamped_at = '0044-01-01 00:00:00'",
    "UPDATE timestamps SET size = -1 WHERE authority = 'rsa'",
    "UPDATE timestamps SET authority = '<blink>' WHERE authority = 'rsa'",
    "UPDATE asked_states SET failures = -3, trouble = '<blink>'",
    "UPDATE asked_states SET failures = 2147483647, trouble = NULL, failing_since = NULL",
]


@pytest.mark.parametrize("statement", ODD)
def test_no_altered_row_breaks_the_page(stamped: World, statement: str) -> None:
    with stamped.services.database.write() as tx:
        assert tx.execute(sa.text(statement)).rowcount
    with signed_in(stamped, "carol", Role.LEGAL) as clerk:
        answer = clerk.get("/log")
    assert answer.status_code == 200
    assert "<blink>" not in answer.text
    assert [one.result for one in stamped.services.stamper.stamp_all(OPERATOR, wait_s=5)]
