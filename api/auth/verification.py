"""Users held against their entries: nobody gets a role or an account back behind the log."""

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from api.auth.tables import users
from api.auth.users import DISABLED, ENABLED, ISSUES, PASSWORD
from custody.events import EventKind
from custody.log.entry import Entry, Json
from custody.verification.expected import ANYTHING, Logged
from custody.verification.findings import FindingCode, Report
from custody.verification.others import LoggedTable


class UserRows:
    """Of each account: that it is there, its role, whether it is shut, who chose the password."""

    prefixes: tuple[str, ...] = ("user:",)

    def __init__(self) -> None:
        self._users = LoggedTable(
            users,
            "user",
            FindingCode.USER_ALTERED,
            FindingCode.USER_MISSING,
            FindingCode.USER_WITHOUT_ENTRY,
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
                "disabled_at": False,
                "must_change_password": True,
            } | names
            self._users.rows.setdefault(user_id, Logged(columns, index, entry.at))
        elif entry.kind == EventKind.USER_CHANGED and user_id in self._users.rows:
            what = entry.facts.get("what")
            user = self._users.rows[user_id]
            if what in (DISABLED, ENABLED):
                user.change({"disabled_at": what == DISABLED}, index)
            elif what == PASSWORD or what in ISSUES:
                user.change({"must_change_password": what != PASSWORD}, index)

    def finish(self, tx: Connection, report: Report) -> None:
        self._users.finish(tx, report)
