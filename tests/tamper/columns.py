"""Every column of every table, and how a verification holds it against the log.

`tests/architecture/test_columns.py` fails where a column is added without a line here, and where
the table in docs/formats/findings.md is another; `test_columns.py` beside this alters each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from custody.verification import FindingCode as C

#: A cell of the fixed world below: text that every engine takes where it stands in SQL.
FIRST, SECOND, THIRD = ":first", ":second", ":third"


@dataclass(frozen=True)
class Group:
    """Columns that are held alike.

    ``how``: by what, or, where ``code`` is None, why nothing rests on them. ``values``: SQL for a
    change, where that of the column's type is not to be had.
    """

    columns: str
    how: str
    code: C | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return self.columns.split()


@dataclass(frozen=True)
class Held:
    """A table; ``row`` picks the one that is altered, in SQL, any where it is empty."""

    table: str
    groups: tuple[Group, ...]
    row: str = ""

    @property
    def columns(self) -> Iterator[tuple[str, Group]]:
        return ((name, group) for group in self.groups for name in group.names)


def held(table: str, *groups: Group, row: str = "") -> Held:
    return Held(table, groups, row)


_OURS = "our clock's word, shown and never decided upon"

EVIDENCE: tuple[Held, ...] = (
    held(
        "clips",
        Group("id", "`clip.admitted`", C.CLIP_WITHOUT_ENTRY),
        Group(
            "sha256 sm3 size_bytes object_key name name_raw recorder_clock_at file_modified_at "
            "important station_id station_name dock_session_id admitted_at",
            "`clip.admitted`",
            C.CLIP_ROW_ALTERED,
        ),
        Group("media_kind duration_ms media", "`clip.described`", C.CLIP_ROW_ALTERED),
        Group("state reason", "`clip.state_changed`", C.CLIP_ROW_ALTERED),
        Group(
            "recorded_at officer recorder", "`clip.admitted`, `clip.assigned`", C.CLIP_ROW_ALTERED
        ),
        row=f"id = {THIRD}",
    ),
    held(
        "clip_names",
        Group("id clip_id", "`clip.named`", C.CLIP_NAME_WITHOUT_ENTRY, {"clip_id": THIRD}),
        Group("name_sha256 name name_raw named_at named_by", "`clip.named`", C.CLIP_NAME_ALTERED),
    ),
    held(
        "renditions",
        Group("clip_id kind", "`rendition.made`", C.RENDITION_WITHOUT_ENTRY, {"clip_id": THIRD}),
        Group(
            "id object_key sha256 size_bytes media_type made_at made_with",
            "`rendition.made`",
            C.RENDITION_ROW_ALTERED,
        ),
    ),
    held(
        "receipts",
        Group("clip_id", "the clip that the receipt names", C.RECEIPT_ALTERED),
        Group("body", "its signature, its proof and `clip.admitted`", C.RECEIPT_ALTERED),
        Group("issued_at", "the time that is signed in it", C.RECEIPT_ALTERED),
        row=f"clip_id = {SECOND}",
    ),
    held(
        "cases",
        Group("id", "`case.created`", C.CASE_WITHOUT_ENTRY),
        Group(
            "number procedure title party occurred_on",
            "`case.created`, `case.changed`",
            C.CASE_ALTERED,
        ),
        Group("created_at created_by", "`case.created`", C.CASE_ALTERED),
    ),
    held(
        "case_officers",
        Group("case_id", "the case that names the officer", C.CASE_WITHOUT_ENTRY),
        Group("officer certificate_number", "`case.created`, `case.changed`", C.CASE_ALTERED),
    ),
    held(
        "links",
        Group("id clip_id", "`link.made`", C.LINK_WITHOUT_ENTRY, {"clip_id": THIRD}),
        Group("case_id stage linked_at linked_by", "`link.made`", C.LINK_ALTERED),
        Group("unlinked_at unlinked_by", "`link.removed`, or that there is none", C.LINK_ALTERED),
        row=f"clip_id = {FIRST}",
    ),
    held(
        "access_grants",
        Group("id clip_id", "`clip.opened`, `clip.downloaded`", C.GRANT_WITHOUT_ENTRY),
        Group(
            "kind actor_id clip_ids purpose opened_at expires_at",
            "`clip.opened`, `clip.downloaded`; of a listing `clips.listed`",
            C.GRANT_ALTERED,
        ),
        Group(
            "closed_at requests bytes_sent",
            "`clip.viewed`; while a viewing stands, that they can be counted; of a listing nothing",
            C.GRANT_ALTERED,
        ),
        row=f"kind = 'viewing' AND clip_id = {FIRST}",
    ),
)

PEOPLE: tuple[Held, ...] = (
    held(
        "users",
        Group("id", "`user.created`", C.USER_WITHOUT_ENTRY),
        Group("name display_name role created_at", "`user.created`", C.USER_ALTERED),
        Group(
            "password_hash must_change_password disabled_at",
            "`user.created`, `user.changed`; of the password its hash's SHA-256",
            C.USER_ALTERED,
        ),
    ),
    held(
        "stations",
        Group("id", "`station.enrolled`", C.STATION_ALTERED),
        Group("name verifier_key enrolled_at", "`station.enrolled`", C.STATION_ALTERED),
        Group("revoked_at", "`station.revoked`, or that there is none", C.STATION_ALTERED),
        Group("last_seen_at status", "what the station said of itself last"),
        row="name = '二号站'",
    ),
    held(
        "enrolment_tokens",
        Group("token_sha256", "its first 16 digits: `station.invited`", C.INVITATION_ALTERED),
        Group(
            "station_name created_at expires_at",
            "`station.invited`; a later one of the name ends it",
            C.INVITATION_ALTERED,
        ),
        Group("used_at", "`station.enrolled` of its name", C.INVITATION_ALTERED),
        row="station_name = '二号站'",
    ),
    held(
        "dock_sessions",
        Group("id", "`dock_session.opened`", C.DOCK_SESSION_MISSING),
        Group(
            "station_id source received_at manifest_sha256 previous_sha256 file_count total_bytes "
            "entry_seq",
            "`dock_session.opened`",
            C.DOCK_SESSION_ALTERED,
        ),
        Group("manifest", "its digest in `dock_session.opened`", C.DOCK_SESSION_ALTERED),
        Group("opened_at", "the time in the signed list", C.DOCK_SESSION_ALTERED),
        row="station_id = (SELECT id FROM stations WHERE name = '二号站')",
    ),
    held(
        "uploads",
        Group(
            "size_bytes sha256 sm3 name_raw clip_id",
            "the clip that it became, by `clip.admitted` and `clip.named`",
            C.UPLOAD_ALTERED,
        ),
        Group("offset_bytes", "its size, once it is admitted", C.UPLOAD_ALTERED),
        Group("station_id dock_session_id", "the dock session of the station", C.UPLOAD_ALTERED),
        Group(
            "state",
            "that it is one that there is; of one not admitted nothing is evidence",
            C.UPLOAD_ALTERED,
        ),
        Group(
            "id file_modified_at reason created_at updated_at",
            "how it came; what it brought is held by the columns above",
        ),
    ),
)

LOG: tuple[Held, ...] = (
    held(
        "log_entries",
        Group("id", "that the next one has a number", C.STATE_COUNTER, {"id": "1000000000"}),
        Group("idx", "the published tree", C.ENTRY_MISSING, {"idx": "1000000"}),
        Group("leaf_hash entry", "the published tree", C.ENTRY_ALTERED),
        Group("kind item item_seq actor_id at", "the entry beside them", C.ENTRY_ALTERED),
        Group("salt details", "the commitment in the entry", C.DETAILS_ALTERED),
        Group(
            "details_destroyed_at details_destroyed_under",
            "that no entry says so",
            C.DETAILS_ALTERED,
        ),
    ),
    held(
        "log_state",
        Group("id sequenced integrated", "the rows of the log and the tiles", C.STATE_COUNTER),
    ),
    held(
        "checkpoints",
        Group("size", "the archive", C.CHECKPOINT_MISSING, {"size": "1"}),
        Group("root", "the published tree", C.CHECKPOINT_ROOT),
        Group("note", "the log's key", C.CHECKPOINT_SIGNATURE),
        Group("published_at", _OURS),
        row="size = (SELECT min(size) FROM checkpoints)",
    ),
    held(
        "cosignatures",
        Group(
            "size key_id root vkey line cosigned_at station_id",
            "the line, under its key",
            C.COSIGNATURE_ALTERED,
        ),
        Group(
            "received_at",
            "that a station was enrolled then; else our clock's word",
            C.COSIGNATURE_STRANGER,
        ),
        Group("archived_at", "the copy in the store", C.COSIGNATURE_MISSING),
    ),
    held(
        "timestamps",
        Group("size authority", "`log.stamped`", C.TIMESTAMP_WITHOUT_ENTRY),
        Group("token stamped_at received_at", "`log.stamped`", C.TIMESTAMP_ALTERED),
    ),
)

_SECRETS = "short-lived, and its secret's SHA-256: signing in is in the log, this is not"

NOTHING: tuple[Held, ...] = (
    held(
        "asked_states",
        Group(
            "sort name tried_at failures failing_since trouble",
            "how asking went last; what came is in `timestamps` and `cosignatures`",
        ),
    ),
    held(
        "clip_work",
        Group(
            "clip_id attempts not_before lease_owner lease_until last_error",
            "follows from the clip's state: a sweep puts a lost row back, one too many does no "
            "harm; what the work did is in the clip's entries",
        ),
    ),
    held(
        "recorders",
        Group(
            "code first_seen_at last_seen_at station_id",
            "a note of codes in the signed lists; nothing reads it",
        ),
    ),
    held(
        "station_sessions",
        Group("token_sha256 station_id kind created_at expires_at", _SECRETS),
    ),
    held(
        "sign_in_sessions",
        Group(
            "token_sha256 user_id csrf_token created_at last_seen_at expires_at origin log_read_at",
            _SECRETS,
        ),
    ),
    held(
        "sign_in_failures",
        Group("id name_sha256 origin at", "slows down guessing; `sign_in.failed` is in the log"),
    ),
)

EVERY: tuple[Held, ...] = (*EVIDENCE, *PEOPLE, *LOG, *NOTHING)
