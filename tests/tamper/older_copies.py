"""Copies of a world's database and store, taken and put back as an administrator would."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api.auth.recovery import UserRebuild
from custody.recovery.papers import Papers
from custody.recovery.recover import Recoverer
from custody.recovery.result import Recovery
from ingest.recovery import StationRebuild
from storage.database import Database, metadata
from tests.tamper.worlds import OPERATOR, World

Rows = dict[str, list[dict[str, Any]]]


def copy_rows(database: Database) -> Rows:
    """Every row of every table, as a dump has them."""
    with database.read() as tx:
        return {
            table.name: [dict(row) for row in tx.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def put_rows_back(database: Database, rows: Rows) -> None:
    """Restore a dump: what was written since is gone."""
    with database.write() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                tx.execute(table.insert(), rows[table.name])
        if tx.dialect.name == "postgresql":  # as a dump sets it
            tx.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('log_entries', 'id'), "
                "(SELECT coalesce(max(id), 1) FROM log_entries))"
            )


def copy_objects(world: World, place: Path) -> Path:
    shutil.copytree(world.objects, place, copy_function=shutil.copy)
    return place


def put_objects_back(world: World, place: Path) -> None:
    for path in sorted(world.objects.rglob("*"), reverse=True):
        path.chmod(0o700) if path.is_dir() else path.unlink()
    shutil.copytree(place, world.objects, dirs_exist_ok=True, copy_function=shutil.copy)


def recoverer(world: World, papers: Papers | None = None) -> Recoverer:
    services = world.services
    manifests = {} if papers is None else papers.manifests
    return Recoverer(
        services.database,
        services.store,
        services.signer,
        services.ledger,
        others=(lambda: StationRebuild(manifests), UserRebuild),
    )


def recover(
    world: World,
    *,
    papers: Papers | None = None,
    mirror: Callable[[str], bytes] | None = None,
    dry_run: bool = False,
) -> Recovery:
    return recoverer(world, papers).run(OPERATOR, papers=papers, mirror=mirror, dry_run=dry_run)
