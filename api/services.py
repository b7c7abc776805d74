"""Builds what the routes, commands and worker are made of, once, from the configuration.

This is the composition root: the only place that knows which engine, which store and which keys.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

import api.auth.tables  # noqa: F401 - every table must be known before the schema is compared
import ingest.tables  # noqa: F401
from api.config import FILE_NAME, Config, ConfigError
from api.signer_watch import SignerWatch
from api.signing import SIGNER_STATE, signer_of
from api.stores import build_store
from custody.access import Access
from custody.clock import Clock, SystemClock
from custody.details.destroying import DetailsDestroyer
from custody.details.rules import PROPOSED, DetailsRule
from custody.errors import KeyMissingError
from custody.key_rows import has_second_key
from custody.ledger import Ledger
from custody.publishing.key_folder import KeyFolder
from custody.publishing.keys import (
    LogKeys,
    create_second_key,
    lacks_second_key,
    load_keys,
    load_keys_beside_signer,
    load_or_create_keys,
    load_public_halves,
)
from custody.publishing.publisher import Publisher
from custody.publishing.signing import TreeSigner
from custody.tables import log_state
from custody.timestamps.authorities import load_authorities
from custody.timestamps.stamper import Stamper
from custody.witnesses.asking import Asker, LogAsked, largest_known
from custody.witnesses.cosigned import CosignaturePublisher
from custody.witnesses.policy import WitnessPolicy, load_policy
from ingest.receiving import Receiver
from storage.database import Database, metadata
from storage.durable import make_folder, write_file
from storage.objects import ObjectStore
from storage.schema import upgrade
from storage.staging import Staging


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request, a command or the worker may need. Safe to share between threads."""

    config: Config
    database: Database
    store: ObjectStore
    staging: Staging
    clock: Clock
    ledger: Ledger
    access: Access
    key_folder: KeyFolder
    signer: TreeSigner
    publisher: Publisher
    #: Makes public what others signed of its checkpoints.
    cosignatures: CosignaturePublisher
    stamper: Stamper
    #: Destroys details of entries on their legal date, by the rules of the configuration.
    details: DetailsDestroyer
    #: The one of this process: it remembers hash states and keeps two writers off one upload.
    receiver: Receiver
    #: Who cosigns the log's checkpoints; None where no policy names anybody.
    policy: WitnessPolicy | None = None
    #: One for each witness that has an address.
    askers: tuple[Asker, ...] = ()
    #: Whether the log gets signed, as the publisher of this process sees it.
    signer_watch: SignerWatch = field(default_factory=SignerWatch)
    #: Set by whoever waits for the next checkpoint; the publisher of this process then goes soon.
    publish_soon: threading.Event = field(default_factory=threading.Event)
    #: The worker's threads while it runs in this process; none of them ends by itself.
    threads: list[threading.Thread] = field(default_factory=list)
    #: Loops of the worker that keep failing, by name, and since when; each says when it is well.
    failing: dict[str, datetime] = field(default_factory=dict)

    @property
    def keys(self) -> LogKeys:
        """The log's keys as they are now: they may change while a server runs."""
        return self.key_folder.keys()

    def ask_witnesses(self) -> int:
        """The largest tree that a witness of the policy says it has cosigned, where that is more
        than the rows have; 0 where none says so. One that does not answer says nothing."""
        return largest_known(self.askers)


class HomeMissingError(ConfigError):
    """There is no Liuhen home in this folder; `liuhen init` makes one."""


class HomeUnwritableError(ConfigError):
    """Nothing can be written in this home, and what is done must be logged."""


def home_exists(config: Config) -> bool:
    return (config.home / FILE_NAME).exists()


def home_is_writable(config: Config) -> bool:
    """Whether the system lets us write in the home; on a medium mounted to be read it does not."""
    return os.access(config.home, os.W_OK)


def create_home(config: Config) -> bool:
    """Make the home folder with its configuration file; True if it is new. Idempotent."""
    for folder in (config.home, config.keys_folder, config.staging_folder, config.scratch_folder):
        make_folder(folder, mode=0o700)
    if home_exists(config):
        return False
    write_file(config.home / FILE_NAME, _config_file(config).encode(), mode=0o600)
    return True


@contextmanager
def open_services(
    config: Config,
    *,
    clock: Clock | None = None,
    migrate: bool = True,
    read_only: bool = False,
) -> Iterator[Services]:
    """Connect to the engines named in ``config``, bring the schema to head, load the keys,
    which are made at the first start of an empty home. ``read_only``: nothing of this is written,
    and nothing can be, `Services.database` says so; for a copy that is only looked at.

    Without ``migrate`` the tables are left as they stand, for a verification to look at.
    Raises `HomeMissingError` where there is no home, `HomeUnwritableError`, `ConfigError`,
    `KeyFileError`, `WitnessPolicyError`, `AuthorityListError` and `StorageError` with what to do.
    """
    if not home_exists(config):
        raise HomeMissingError(str(config.home))
    if not (read_only or home_is_writable(config)):
        raise HomeUnwritableError(str(config.home))
    clock = clock or SystemClock()
    database = Database(config.database_address, read_only=read_only)
    try:
        if migrate and not read_only:
            upgrade(database, metadata)
        yield compose(config, database, build_store(config, read_only=read_only), clock)
    finally:
        database.close()


def compose(config: Config, database: Database, store: ObjectStore, clock: Clock) -> Services:
    """Services over a database that has its tables.

    Raises `KeyFileError`, `WitnessPolicyError`, `AuthorityListError`.
    """
    keys = _keys_of(config, database, store)
    policy = load_policy(config.witness_policy_file, keys, required=bool(config.witness_policy))
    signer = signer_of(config, keys, store, is_copy=database.read_only)
    staging = Staging(config.staging_folder, read_only=database.read_only)
    ledger = Ledger(clock)
    log = LogAsked(database, store, clock, keys, config.origin)
    askers = () if policy is None else tuple(Asker(log, one) for one in policy.asked)
    return Services(
        config=config,
        database=database,
        store=store,
        staging=staging,
        clock=clock,
        ledger=ledger,
        access=Access(database, ledger, clock),
        key_folder=keys,
        signer=signer,
        publisher=Publisher(database, store, signer, clock, lambda: largest_known(askers)),
        cosignatures=CosignaturePublisher(database, store, clock, keys, config.origin, policy),
        stamper=Stamper(
            database,
            store,
            ledger,
            clock,
            load_authorities(config.authorities_file),
            timedelta(hours=config.timestamp_interval_hours),
        ),
        details=DetailsDestroyer(database, ledger, clock),
        receiver=Receiver(
            database,
            store,
            staging,
            ledger,
            clock,
            zone=config.zone,
            lock_days=config.lock_days,
        ),
        policy=policy,
        askers=askers,
    )


def _keys_of(config: Config, database: Database, store: ObjectStore) -> KeyFolder:
    """The keys of this home; made at its first start, and never again.

    A new key in the place of a lost one could sign nothing that the published log, the stations and
    the receipts would go on from. What is only looked at can do with the public halves. A home of
    before checkpoints were signed with ML-DSA-44 too gets that key now. Raises `KeyMissingError`.
    """
    folder, origin = config.keys_folder, config.origin
    if config.signer and not database.read_only:
        return KeyFolder(folder, origin, load_keys_beside_signer)
    if not database.read_only and lacks_second_key(folder, origin) and not _has_announced(database):
        create_second_key(folder, origin)
    try:
        return KeyFolder(folder, origin, load_keys)
    except KeyMissingError:
        if database.read_only:
            return KeyFolder(folder, origin, load_public_halves)
        if (folder / SIGNER_STATE).exists() or not is_unused(database, store):
            raise
    load_or_create_keys(folder, origin)
    return KeyFolder(folder, origin, load_keys)


def _has_announced(database: Database) -> bool:
    """Whether an entry names an ML-DSA-44 key: then it was lost, and another can't replace it."""
    with database.read() as tx:
        return has_second_key(tx)


def is_unused(database: Database, store: ObjectStore) -> bool:
    """Whether there is no row and no object yet. Raises as `ObjectStore.list` does."""
    tables = [table for table in metadata.sorted_tables if table is not log_state]
    with database.read() as tx:
        if any(tx.scalar(sa.select(sa.exists().select_from(table))) for table in tables):
            return False
    return next(iter(store.list()), None) is None


def _config_file(config: Config) -> str:
    return f'''\
# Liuhen 留痕. Every setting can also be given as LIUHEN_<NAME>, or LIUHEN_<NAME>_FILE for secrets.

# The bureau's name, as it stands at the head of every page.
bureau = "{config.bureau}"
# The name of the custody log in its checkpoints. Unique in the world; never change it.
origin = "{config.origin}"
# The office code in document numbers.
office_code = "{config.office_code}"
zone_name = "{config.zone_name}"
language = "{config.language}"

host = "{config.host}"
port = {config.port}

# Rows: SQLite in this folder, or postgresql://user@host/name
# database_url = ""
# Originals: objects/ in this folder, another folder, or s3://bucket/prefix (with Object Lock)
# objects = ""
# s3_endpoint = ""

# How long the store itself refuses to delete an original, in days.
lock_days = {config.lock_days}
media_workers = {config.media_workers}
# Where an entry has waited so many seconds to be published, /healthz and the log page say so.
# merge_lag_alarm_s = {config.merge_lag_alarm_s}

# The signer, where it is a process of its own (`liuhen signer`), see docs/operations.md.
# signer = "unix:/run/liuhen-signer/signer.sock"

# Time-stamping authorities (RFC 3161): a list in a file of this folder, see docs/operations.md.
# timestamp_authorities = "authorities.toml"
# timestamp_interval_hours = {config.timestamp_interval_hours}

# When details of entries about signing in and looking are destroyed, see docs/operations.md. None
# are unless a rule stands here and `liuhen log destroy-details` was run with it once.
{"".join(map(_proposed, PROPOSED))}'''


def _proposed(rule: DetailsRule) -> str:
    kinds = ", ".join(f'"{kind}"' for kind in rule.kinds)
    return (
        f'# [[details_rule]]\n# name = "{rule.name}"\n# kinds = [{kinds}]\n# days = {rule.days}\n'
    )
