"""What somebody who is signed in sends."""

import httpx
import sqlalchemy as sa

from api.auth.tables import sign_in_sessions
from tests.services.house import House


def submit(
    house: House, client: httpx.Client, path: str, **form: str | list[str]
) -> httpx.Response:
    """POST a form of the house's only session, with its token."""
    with house.services.database.read() as tx:
        token = tx.scalars(sa.select(sign_in_sessions.c.csrf_token)).one()
    return client.post(path, data={"csrf": token, **form})
