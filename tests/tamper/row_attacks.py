"""Attacks on the rows beside the evidence: who may see, who may bring, what seems to have come."""

from datetime import timedelta

import sqlalchemy as sa

from custody.tables import access_grants
from ingest import stations
from ingest.tables import enrolment_tokens
from tests.services.station_client import new_station_key
from tests.tamper.listed_uploads import add_admitted_upload
from tests.tamper.worlds import ADMIN, World

LISTING = access_grants.c.kind == "listing"


def insert_listing(world: World) -> None:
    """Of every recording, for as long as somebody likes."""
    with world.services.database.write() as tx:
        row = tx.execute(sa.select(access_grants).where(LISTING)).mappings().one()
        tx.execute(access_grants.insert().values(**{**row, "id": "f" * 36, "clip_id": sa.null()}))


def list_other_recordings(world: World) -> None:
    with world.services.database.write() as tx:
        others = world.clip_ids[:1]
        assert tx.execute(access_grants.update().where(LISTING).values(clip_ids=others)).rowcount


def list_for_somebody_else(world: World) -> None:
    with world.services.database.write() as tx:
        assert tx.execute(access_grants.update().where(LISTING).values(actor_id="mallory")).rowcount


def invite(world: World, name: str = "野站") -> str:
    """A token that nobody gave out; the token itself."""
    now, token = world.services.clock.now(), "a token of his own"
    row = {"station_name": name, "created_at": now, "expires_at": now + timedelta(days=7)}
    with world.services.database.write() as tx:
        digest = stations._sha256(token)
        tx.execute(enrolment_tokens.insert().values(token_sha256=digest, **row))
    return token


def make_up_an_invitation(world: World) -> None:
    invite(world)


def bring_back_an_invitation(world: World) -> None:
    """The first of two of one name, which the second ended."""
    services = world.services
    with services.database.write() as tx:
        common = (tx, services.clock, services.ledger)
        for _ in range(2):
            stations.create_enrolment_token(*common, ADMIN, "四号站")
            services.clock.moment += timedelta(hours=1)  # type: ignore[attr-defined]
    world.publish()
    assert world.verify().findings == []
    with services.database.write() as tx:
        own = enrolment_tokens.c.station_name == "四号站"
        first = tx.scalar(sa.select(sa.func.min(enrolment_tokens.c.created_at)).where(own))
        assert first is not None
        ended = enrolment_tokens.update().where(enrolment_tokens.c.created_at == first, own)
        tx.execute(ended.values(expires_at=first + stations.TOKEN_LIFE))


def enrol_uninvited(world: World) -> None:
    """The service itself lets the station in and says so in the log; then the token's row goes."""
    services, token = world.services, invite(world)
    with services.database.write() as tx:
        key = new_station_key().verifier.vkey
        common = (tx, services.ledger, services.clock)
        stations.enrol(*common, token=token, name="野站", verifier_key=key, origin="x")
        tx.execute(enrolment_tokens.delete().where(enrolment_tokens.c.station_name == "野站"))
    world.publish()


def seem_to_have_come(world: World) -> None:
    """The file on the signed list of a dock session, as if it had become some clip."""
    with world.services.database.write() as tx:
        add_admitted_upload(tx, "f" * 36, world.clip_ids[0])
