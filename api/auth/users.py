"""People who may sign in. Every change is an entry in the log, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from api.auth.errors import OwnAccountError, UserNotFoundError
from api.auth.passwords import hash_password, one_time_password, password_digest
from api.auth.sessions import end_sessions_of
from api.auth.tables import users
from api.auth.user_names import check_new_name, is_name
from custody.actors import Actor, Role
from custody.cells import fits, raw_columns, shown_row
from custody.clock import Clock
from custody.events import EventKind
from custody.history import HistoryEvent, history_of
from custody.ids import new_id
from custody.ledger import Event, Ledger
from custody.log.entry import Json
from custody.twin_rows import TWINS, count_of_twins

#: The roles a person can have; the others belong to machines.
PERSON_ROLES = (Role.LEGAL, Role.ADMIN)

#: What ``user.changed`` says in its fact ``what``.
PASSWORD, ONE_TIME_PASSWORD, PASSWORD_RESET = "password", "one_time_password", "password_reset"
DISABLED, ENABLED = "disabled", "enabled"
#: After these somebody else has chosen the password.
ISSUES = frozenset({ONE_TIME_PASSWORD, PASSWORD_RESET})


@dataclass(frozen=True, slots=True)
class User:
    """One account. ``name`` is typed at sign-in, ``display_name`` stands on pages."""

    id: str
    name: str
    display_name: str
    role: Role
    password_hash: str
    must_change_password: bool
    created_at: datetime
    disabled_at: datetime | None
    #: Columns whose cells hold what was never written there, and `TWINS` where another account
    #: stands under the same id or name; then nobody signs in with it.
    altered: tuple[str, ...] = ()


def create_user(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    clock: Clock,
    *,
    name: str,
    display_name: str,
    role: Role,
) -> tuple[User, str]:
    """Add an account; returns it with its one-time password, which is kept nowhere.

    Takes about 0.1 s for the hash. Raises as `check_new_name`.
    """
    name = name.strip()
    check_new_name(name, [user.name for user in list_users(tx)])
    if role not in PERSON_ROLES:
        raise ValueError(f"not a role for a person: {role}")
    password = one_time_password()
    user = User(
        id=new_id(),
        name=name,
        display_name=display_name.strip() or name,
        role=role,
        password_hash=hash_password(password),
        must_change_password=True,
        created_at=clock.now(),
        disabled_at=None,
    )
    tx.execute(
        sa.insert(users).values(
            id=user.id,
            name=user.name,
            display_name=user.display_name,
            role=user.role.value,
            password_hash=user.password_hash,
            must_change_password=True,
            created_at=user.created_at,
            disabled_at=None,
        )
    )
    ledger.append(
        tx,
        actor,
        Event(
            EventKind.USER_CREATED,
            f"user:{user.id}",
            facts={"user": user.id, "role": user.role.value},
            details={
                "name": user.name,
                "display_name": user.display_name,
                "password_sha256": password_digest(user.password_hash),
            },
        ),
    )
    return user, password


def reissue_one_time_password(tx: Connection, ledger: Ledger, actor: Actor, *, user_id: str) -> str:
    """A new one-time password for somebody who lost theirs; every session of theirs ends.

    Whoever hands it out could use it. So the entry says whether a password of their own was
    replaced (``password_reset``) or one that nobody had used yet (``one_time_password``), and
    `find_reset` lets them be told who it was. Raises `UserNotFoundError`, and `OwnAccountError`:
    one's own password is changed, not reissued.
    """
    if actor.id == user_id:
        raise OwnAccountError
    user = get_user(tx, user_id)
    password = one_time_password()
    password_hash = hash_password(password)
    _change(tx, user_id, password_hash=password_hash, must_change_password=True)
    end_sessions_of(tx, user_id)
    what = ONE_TIME_PASSWORD if user.must_change_password else PASSWORD_RESET
    _note_change(tx, ledger, actor, user_id, what, password_hash)
    return password


def find_reset(tx: Connection, user_id: str) -> HistoryEvent | None:
    """The entry by which somebody else replaced the user's own password, until they choose anew."""
    for event in reversed(history_of(tx, f"user:{user_id}")):
        what = event.facts.get("what")
        if event.kind == EventKind.USER_CHANGED and what in (PASSWORD, PASSWORD_RESET):
            return event if what == PASSWORD_RESET else None
    return None


def set_password(
    tx: Connection, ledger: Ledger, actor: Actor, *, user_id: str, password_hash: str
) -> None:
    """Replace the password by the user's own choice; every session of theirs ends."""
    _change(tx, user_id, password_hash=password_hash, must_change_password=False)
    end_sessions_of(tx, user_id)
    _note_change(tx, ledger, actor, user_id, PASSWORD, password_hash)


def disable_user(
    tx: Connection, ledger: Ledger, actor: Actor, clock: Clock, *, user_id: str
) -> None:
    """Shut an account; its sessions end at once. Raises `UserNotFoundError`, `OwnAccountError`."""
    if actor.id == user_id:
        raise OwnAccountError
    user = get_user(tx, user_id)
    if user.disabled_at is not None:
        return
    _change(tx, user_id, disabled_at=clock.now())
    end_sessions_of(tx, user_id)
    _note_change(tx, ledger, actor, user_id, DISABLED)


def enable_user(tx: Connection, ledger: Ledger, actor: Actor, *, user_id: str) -> None:
    """Open a shut account again, with the password it had. Raises `UserNotFoundError`."""
    user = get_user(tx, user_id)
    if user.disabled_at is None:
        return
    _change(tx, user_id, disabled_at=None)
    _note_change(tx, ledger, actor, user_id, ENABLED)


def get_user(tx: Connection, user_id: str) -> User:
    """Raises `UserNotFoundError`."""
    user = _only(tx.execute(_select(tx).where(users.c.id == user_id)).mappings().all())
    if user is None:
        raise UserNotFoundError(user_id)
    return user


def find_user_by_name(tx: Connection, name: str) -> User | None:
    """The user of this name, blanks around it left out; None for what can't be a name."""
    name = name.strip()
    if not is_name(name):
        return None
    return _only(tx.execute(_select(tx).where(users.c.name == name)).mappings().all())


def list_users(tx: Connection) -> list[User]:
    """Everybody, by name; accounts whose rows were altered among them (`User.altered`)."""
    rows = tx.execute(_select(tx).order_by(users.c.name))
    return [_user(row) for row in rows.mappings()]


def _select(tx: Connection) -> sa.Select[Any]:
    return sa.select(*raw_columns(tx, users), count_of_twins(users.c.id))


def _only(rows: Sequence[RowMapping]) -> User | None:
    """The one account that was asked for; where there are several, none of them is believed."""
    if not rows:
        return None
    user = _user(rows[0])
    if len(rows) == 1 or TWINS in user.altered:
        return user
    return replace(user, altered=(*user.altered, TWINS))


def _change(tx: Connection, user_id: str, **values: object) -> None:
    tx.execute(sa.update(users).where(users.c.id == user_id).values(**values))


def _note_change(
    tx: Connection,
    ledger: Ledger,
    actor: Actor,
    user_id: str,
    what: str,
    password_hash: str | None = None,
) -> None:
    facts: dict[str, Json] = {"user": user_id, "what": what}
    details: dict[str, Json] = {}
    if password_hash is not None:
        details = {"password_sha256": password_digest(password_hash)}
    ledger.append(tx, actor, Event(EventKind.USER_CHANGED, f"user:{user_id}", facts, details))


#: Stand for what can't be empty and was altered; nobody may do less than somebody unknown.
STAND_INS = {
    "role": Role.ANONYMOUS.value,
    "must_change_password": True,
    "created_at": datetime(1970, 1, 1, tzinfo=UTC),
}


def _user(row: RowMapping) -> User:
    values, altered = shown_row(users, row, _fits, STAND_INS)
    altered += [TWINS] if row[TWINS] > 1 else []
    return User(**values | {"role": Role(values["role"])}, altered=tuple(altered))


def _fits(name: str, cell: object) -> bool:
    if name == "role":
        return cell in PERSON_ROLES
    return fits(users.c[name], cell)
