"""The demo's accounts and its case."""

from dataclasses import dataclass
from datetime import tzinfo

import sqlalchemy as sa

from api.auth.users import create_user, find_user_by_name, reissue_one_time_password
from api.services import Services
from custody.actors import Actor, Role
from custody.case_search import CaseFilter, search_cases
from custody.cases import CaseOfficer, NewCase, create_case
from custody.tables import clips

ACCOUNTS = (("admin", "管理员", Role.ADMIN), ("legal", "法制员", Role.LEGAL))
CASE_TITLE = "占用城市道路经营案（演示）"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the summary shows it; no password once its owner has set one."""

    name: str
    role: Role
    password: str | None


def ensure_accounts(services: Services, actor: Actor) -> list[Account]:
    """Make the accounts; whoever has not signed in yet gets a new one-time password."""
    accounts = []
    for name, display_name, role in ACCOUNTS:
        with services.database.write() as tx:
            user = find_user_by_name(tx, name)
            password: str | None
            if user is None:
                user, password = create_user(
                    tx,
                    services.ledger,
                    actor,
                    services.clock,
                    name=name,
                    display_name=display_name,
                    role=role,
                )
            elif user.must_change_password:
                password = reissue_one_time_password(tx, services.ledger, actor, user_id=user.id)
            else:
                password = None
        accounts.append(Account(user.name, user.role, password))
    return accounts


def ensure_case(services: Services, actor: Actor, zone: tzinfo) -> str | None:
    """Where there is no case yet, one of the officer and day of a clip, so that it is suggested.

    Returns its number, None if there is nothing to suggest or cases are there already.
    """
    with services.database.write() as tx:
        if search_cases(tx, CaseFilter(), limit=1).total:
            return None
        clip = tx.execute(
            sa.select(clips.c.officer, clips.c.recorded_at)
            .where(clips.c.officer.is_not(None), clips.c.recorded_at.is_not(None))
            .order_by(clips.c.recorded_at)
            .limit(1)
        ).first()
        if clip is None:
            return None
        day = clip.recorded_at.astimezone(zone).date()
        case = create_case(
            tx,
            services.ledger,
            actor,
            NewCase(
                number=f"{services.config.office_code}执罚决字〔{day.year}〕第1号",
                procedure="general",
                title=CASE_TITLE,
                occurred_on=day,
                officers=(CaseOfficer(clip.officer),),
            ),
        )
    return case.number
