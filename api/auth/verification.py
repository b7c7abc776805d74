"""Users held against their entries: nobody gets a role or an account back behind the log."""

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from api.auth.tables import users
from api.auth.users import DISABLED, ENABLED, ISSUES, PASSWORD
from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.verification.expected import ANYTHING, Logged
from custody.verification.findings import FindingCode
from custody.verification.others import LoggedTable
from custody.verification.reports import Report


class UserRows:
    """Of each account: that it is there, its names and role, since when it is shut, its password
    and who chose that."""

    prefixes: tuple[str, ...] = ("user:",)

    def __init__(self) -> None:
        self._users = LoggedTable(
            users,
            "user",
            FindingCode.USER_ALTERED,
            FindingCode.USER_MISSING,
            FindingCode.USER_WITHOUT_ENTRY,
            frozenset({"password_hash"}),
        )

    def apply(self, entry: Entry, details: Mapping[str, Json] | None, index: int | None) -> None:
        if entry.outcome != "ok":
            return
        user_id = str(entry.facts.get("user"))
        if entry.kind == EventKind.USER_CREATED:
            names: dict[str, object] = {
                column: ANYTHING if details is None else details.get(column)
                for column in ("name", "display_name")
            }
            columns = {
                "role": entry.facts.get("role"),
                "disabled_at": None,
                "must_change_password": True,
                "created_at": entry.at,
                "password_hash": _password(details),
            } | names
            self._users.rows.setdefault(user_id, Logged(columns, index, entry.at))
        elif entry.kind == EventKind.USER_CHANGED and user_id in self._users.rows:
            what = entry.facts.get("what")
            user = self._users.rows[user_id]
            if what in (DISABLED, ENABLED):
                user.change({"disabled_at": entry.at if what == DISABLED else None}, index)
            elif what == PASSWORD or what in ISSUES:
                password = {"password_hash": _password(details)}
                user.change({"must_change_password": what != PASSWORD} | password, index)

    def finish(self, tx: Connection, report: Report) -> None:
        self._users.finish(tx, report)


def _password(details: Mapping[str, Json] | None) -> object:
    """The SHA-256 of the hash, as its entry has it."""
    return ANYTHING if details is None else details.get("password_sha256", ANYTHING)
