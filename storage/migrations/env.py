"""What Alembic runs: on the connection and for the tables that `storage.schema` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from storage.database import UtcDateTime


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:  # noqa: ARG001
    """A migration is fixed in time: it names the column's plain type, not our class of today."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate inside the transaction of the caller, who commits."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        render_item=render_item,
        render_as_batch=True,  # SQLite alters a table by making it anew
        compare_type=True,
    )
    context.run_migrations()


run()
