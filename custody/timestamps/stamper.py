"""Gets checkpoints stamped: one authority's turn at a time, with its own transactions.

For each authority there is one owner at a time among all threads and hosts on this database, so a
slow one keeps nobody else waiting, the publisher least of all. What a kill leaves:

1. Asked, nothing kept: asked again.
2. The token's object stands, no row: the next turn adopts it, if it holds, without asking.
3. Row and entry are one transaction: nothing before, everything after.

An authority that fails is asked again after a pause that doubles, up to an hour.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from custody.actors import Actor
from custody.asked_states import Sort, note_answer, note_failure, states_of
from custody.clock import Clock
from custody.errors import CustodyError, IntegrationConflictError
from custody.ledger import Ledger
from custody.object_keys import checkpoint_archive_key, timestamp_key
from custody.publishing.merge_lag import unpublished_since
from custody.publishing.published import PublishedCheckpoint, newest_checkpoint
from custody.publishing.publisher import ARCHIVE_RETENTION
from custody.timestamps.authorities import Authority
from custody.timestamps.client import (
    ASK_LIMIT_S,
    AuthorityAwayError,
    AuthorityError,
    AuthoritySlowError,
    AuthorityStatusError,
    AuthorityTooLongError,
    ask,
)
from custody.timestamps.stamps import (
    Timestamp,
    add_timestamp,
    find_timestamp,
    holds_news,
    newest_timestamp,
)
from custody.timestamps.tokens import (
    CLOCK_TOLERANCE,
    Token,
    TokenAlteredError,
    TokenChainError,
    TokenDigestError,
    TokenError,
    TokenNonceError,
    TokenRefusedError,
    TokenTimeError,
    TokenUnreadableError,
    check_fresh,
    check_token,
    new_request,
    read_token,
)
from storage.database import Database
from storage.errors import ObjectNotFoundError
from storage.objects import ObjectStore

log = logging.getLogger("liuhen.stamper")

#: The pauses after failures in a row: doubled from the first to the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
#: No checkpoint is stamped while entries have waited longer than this for theirs: what was said
#: before a token's time must be in its tree, or it looks back-dated.
MAX_LAG = timedelta(minutes=10)
#: The longest that whoever asks on demand waits for all authorities together.
WAIT_S = ASK_LIMIT_S + 5.0

#: The word for each way of failing, as it is kept and shown.
TROUBLES: dict[type[CustodyError], str] = {
    AuthorityAwayError: "away",
    AuthoritySlowError: "slow",
    AuthorityStatusError: "status",
    AuthorityTooLongError: "too_long",
    TokenUnreadableError: "unreadable",
    TokenRefusedError: "refused",
    TokenAlteredError: "altered",
    TokenChainError: "chain",
    TokenDigestError: "digest",
    TokenNonceError: "nonce",
    TokenTimeError: "clock",
}


class TimestampTakenError(CustodyError):
    """In the store stands something else than a token of this checkpoint; verify everything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one authority: ``stamped``, ``standing`` (it had stamped this checkpoint
    before), ``busy`` (another process is asking it) or ``failed`` with ``trouble`` and ``detail``.
    Beyond `TROUBLES` that is ``behind`` (the log is not published up to date) or ``internal``.
    """

    authority: str
    result: str
    size: int
    stamped_at: datetime | None = None
    trouble: str | None = None
    detail: str = ""


class Stamper:
    """Asks those of its authorities that have an address. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        ledger: Ledger,
        clock: Clock,
        authorities: tuple[Authority, ...],
        interval: timedelta,
    ) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self.authorities = authorities
        #: Those of them that are asked.
        self.asked = tuple(one for one in authorities if one.url)
        self._interval = interval

    def run_once(self, authority: Authority, actor: Actor) -> Outcome | None:
        """Get the newest checkpoint stamped if that is due; None where it is not.

        Raises `IntegrationConflictError`, `TimestampTakenError`, `StorageError` and what appending
        raises.
        """
        with self._database.read() as tx:
            checkpoint = newest_checkpoint(tx)
            if checkpoint is None or not self._is_due(tx, authority.name, checkpoint.size):
                return None
        return self._stamp(authority, checkpoint, actor)

    def stamp_all(self, actor: Actor, *, wait_s: float = WAIT_S) -> list[Outcome]:
        """Ask every authority now, all at once, for the newest checkpoint; empty before the first.

        What can't be done with one is its outcome, and takes no longer than ``wait_s``.
        """
        if not self.asked:
            return []
        with self._database.read() as tx:
            checkpoint = newest_checkpoint(tx)
            if checkpoint is None:
                return []
            behind = self._is_behind(tx, checkpoint.size)
        outcomes = {
            one.name: Outcome(
                one.name, "failed", checkpoint.size, trouble="behind" if behind else "slow"
            )
            for one in self.asked
        }
        if behind:
            return list(outcomes.values())

        def stamp(authority: Authority) -> None:
            try:
                outcomes[authority.name] = self._stamp(authority, checkpoint, actor)
            except Exception as error:
                # The thread's last frame: what nobody foresaw must be told, not vanish.
                log.exception("%s could not be asked for a timestamp", authority.name)
                outcomes[authority.name] = Outcome(
                    authority.name, "failed", checkpoint.size, trouble="internal", detail=str(error)
                )

        asking = [
            threading.Thread(target=stamp, args=(one,), name=f"stamp-{one.name}", daemon=True)
            for one in self.asked
        ]
        for thread in asking:
            thread.start()
        deadline = time.monotonic() + wait_s
        for thread in asking:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [outcomes[one.name] for one in self.asked]

    def _is_due(self, tx: Connection, name: str, size: int) -> bool:
        now = self._clock.now()
        state = states_of(tx, Sort.AUTHORITY, [name]).get(name)
        if state is not None and state.failures:
            waited = now - state.tried_at
            # A time that is to come is no reason to wait for it.
            if timedelta() <= waited < pause_after(state.failures):
                return False
        stamp = newest_timestamp(tx, name)
        if stamp is not None:
            age = now - stamp.received_at
            if -CLOCK_TOLERANCE <= age < self._interval:
                return False
            if stamp.size >= size or not holds_news(tx, stamp.size):
                return False
        return not self._is_behind(tx, size)

    def _is_behind(self, tx: Connection, size: int) -> bool:
        waiting_since = unpublished_since(tx, size)
        return waiting_since is not None and self._clock.now() - waiting_since > MAX_LAG

    def _stamp(
        self, authority: Authority, checkpoint: PublishedCheckpoint, actor: Actor
    ) -> Outcome:
        name, size = authority.name, checkpoint.size
        with self._database.exclusive(f"stamp-{name}", wait=False) as owned:
            if not owned:
                return Outcome(name, "busy", size)
            with self._database.read() as tx:
                standing = find_timestamp(tx, size, name)
            if standing is not None:
                return Outcome(name, "standing", size, standing.stamped_at)
            note = self._store.read_bytes(checkpoint_archive_key(size))
            if note != checkpoint.note.encode():
                raise IntegrationConflictError(checkpoint_archive_key(size))
            try:
                stamp = self._adopt(authority, size, note) or self._ask(authority, size, note)
            except (AuthorityError, TokenError) as error:
                trouble = TROUBLES[type(error)]
                with self._database.write() as tx:
                    note_failure(tx, Sort.AUTHORITY, name, self._clock.now(), trouble)
                detail = str(error.args[0]) if error.args else ""
                return Outcome(name, "failed", size, trouble=trouble, detail=detail)
            with self._database.write() as tx:
                add_timestamp(tx, self._ledger, actor, stamp)
                note_answer(tx, Sort.AUTHORITY, name, self._clock.now())
            return Outcome(name, "stamped", size, stamp.stamped_at)

    def _adopt(self, authority: Authority, size: int, note: bytes) -> Timestamp | None:
        """The token that a process which was killed had stored, if it holds."""
        key = timestamp_key(size, authority.name)
        try:
            raw = self._store.read_bytes(key)
        except ObjectNotFoundError:
            return None
        try:
            token = read_token(raw)
            check_token(token, note, authority.roots)
        except TokenError as error:
            raise TimestampTakenError(key) from error
        return self._received(authority, size, raw, token)

    def _ask(self, authority: Authority, size: int, note: bytes) -> Timestamp:
        request = new_request(note)
        raw = ask(authority, request.data)
        token = read_token(raw)
        check_token(token, note, authority.roots)
        check_fresh(token, request, self._clock.now())
        stamp = self._received(authority, size, raw, token)
        self._store.put_bytes(
            stamp.object_key, raw, retain_until=self._clock.now() + ARCHIVE_RETENTION
        )
        return stamp

    def _received(self, authority: Authority, size: int, raw: bytes, token: Token) -> Timestamp:
        return Timestamp(size, authority.name, raw, token.stamped_at, self._clock.now())


def pause_after(failures: int) -> timedelta:
    """How long an authority is left alone after so many failures in a row; for a number that was
    altered into none, the least."""
    return min(FIRST_PAUSE * (1 << max(0, min(failures - 1, 30))), LONGEST_PAUSE)
