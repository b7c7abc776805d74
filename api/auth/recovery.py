"""Rows of users made again from their entries, but for what no entry holds: their passwords.

A password that was changed after the copy was made would open the account again as it was before.
It is therefore shut out, as is that of an account made anew: somebody has to issue another.
"""

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from api.auth.tables import sign_in_sessions, users
from api.auth.users import ISSUES, PASSWORD
from api.auth.verification import UserRows
from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.recovery.rows import Gone, Rebuilt, bring

#: No password has this for its hash.
NO_PASSWORD = "!"  # noqa: S105 - the absence of one


class UserRebuild(UserRows):
    """Accounts as the log has them."""

    def __init__(self) -> None:
        super().__init__()
        #: The index of the entry by which each account got its newest password.
        self._password_index: dict[str, int | None] = {}

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        super().apply(entry, details, index)
        if entry.outcome != "ok":
            return
        user_id, what = str(entry.facts.get("user")), entry.facts.get("what")
        if entry.kind == EventKind.USER_CREATED:
            self._password_index.setdefault(user_id, index)
        elif entry.kind == EventKind.USER_CHANGED and (what == PASSWORD or str(what) in ISSUES):
            self._password_index[user_id] = index

    def rebuild(self, tx: Connection, first: int, done: Rebuilt) -> None:
        """Make the rows; whoever got a password from entry ``first`` on needs a new one."""
        for user_id, logged in self._users.rows.items():
            # Of a password the log has the digest of its hash only.
            columns = {one: cell for one, cell in logged.columns.items() if one != "password_hash"}
            rest = {"password_hash": NO_PASSWORD}
            wanting = bring(tx, users, {"id": user_id}, columns, rest)
            if wanting is not None:
                done.gone.append(Gone("user", user_id, logged.index, wanting))
                continue
            own = users.c.id == user_id
            changed = self._password_index.get(user_id)
            if changed is not None and changed >= first:
                tx.execute(users.update().where(own).values(password_hash=NO_PASSWORD))
                done.gone.append(Gone("password", user_id, changed))
        tx.execute(sign_in_sessions.delete())
