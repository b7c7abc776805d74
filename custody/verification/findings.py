"""What a verification can find, each under a name that stays (docs/formats/findings.md)."""

from dataclasses import dataclass, fields
from enum import StrEnum

from custody.cells import is_readable, shown
from custody.errors import CustodyError


class FindingCode(StrEnum):
    """One kind of thing that does not agree with the log. Codes are never renamed."""

    CLIP_OBJECT_MISSING = "clip_object_missing"
    CLIP_OBJECT_SIZE = "clip_object_size"
    CLIP_OBJECT_DIGEST = "clip_object_digest"
    CLIP_SM3 = "clip_sm3"
    CLIP_ROW_ALTERED = "clip_row_altered"
    CLIP_WITHOUT_ENTRY = "clip_without_entry"
    CLIP_ROW_MISSING = "clip_row_missing"
    CLIP_NAME_ALTERED = "clip_name_altered"
    CLIP_NAME_WITHOUT_ENTRY = "clip_name_without_entry"
    CLIP_NAME_MISSING = "clip_name_missing"
    RENDITION_OBJECT_MISSING = "rendition_object_missing"
    RENDITION_OBJECT_SIZE = "rendition_object_size"
    RENDITION_OBJECT_DIGEST = "rendition_object_digest"
    RENDITION_ROW_ALTERED = "rendition_row_altered"
    RENDITION_WITHOUT_ENTRY = "rendition_without_entry"
    RENDITION_ROW_MISSING = "rendition_row_missing"
    LINK_WITHOUT_ENTRY = "link_without_entry"
    LINK_MISSING = "link_missing"
    LINK_ALTERED = "link_altered"
    CASE_ALTERED = "case_altered"
    CASE_WITHOUT_ENTRY = "case_without_entry"
    CASE_ROW_MISSING = "case_row_missing"
    ENTRY_ALTERED = "entry_altered"
    ENTRY_MISSING = "entry_missing"
    ENTRY_MOVED = "entry_moved"
    ENTRY_TAIL_MISSING = "entry_tail_missing"
    ITEM_CHAIN_BROKEN = "item_chain_broken"
    DETAILS_ALTERED = "details_altered"
    DETAILS_MISSING = "details_missing"
    DETAILS_STANDING = "details_standing"
    DESTRUCTION_OTHER = "destruction_other"
    DESTRUCTION_FORBIDDEN = "destruction_forbidden"
    DETAILS_LOST = "details_lost"
    TILE_ALTERED = "tile_altered"
    TILE_MISSING = "tile_missing"
    BUNDLE_ALTERED = "bundle_altered"
    BUNDLE_MISSING = "bundle_missing"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_ROOT = "checkpoint_root"
    CHECKPOINT_ROLLED_BACK = "checkpoint_rolled_back"
    CHECKPOINT_INCONSISTENT = "checkpoint_inconsistent"
    CHECKPOINT_MISSING = "checkpoint_missing"
    KEY_UNTRUSTED = "key_untrusted"
    COSIGNATURE_ALTERED = "cosignature_altered"
    COSIGNATURE_STRANGER = "cosignature_stranger"
    COSIGNATURE_AHEAD = "cosignature_ahead"
    COSIGNATURE_OTHER_TREE = "cosignature_other_tree"
    COSIGNATURE_MISSING = "cosignature_missing"
    TIMESTAMP_ALTERED = "timestamp_altered"
    TIMESTAMP_MISSING = "timestamp_missing"
    TIMESTAMP_WITHOUT_ENTRY = "timestamp_without_entry"
    TIMESTAMP_OTHER = "timestamp_other"
    TIMESTAMP_CHAIN = "timestamp_chain"
    TIMESTAMP_AUTHORITY = "timestamp_authority"
    ENTRY_TIME = "entry_time"
    RECEIPT_ALTERED = "receipt_altered"
    STATE_COUNTER = "state_counter"
    OBJECT_UNREGISTERED = "object_unregistered"
    SIGNER_MEMORY = "signer_memory"
    SCHEMA_ALTERED = "schema_altered"
    DOCK_SESSION_ALTERED = "dock_session_altered"
    DOCK_SESSION_MISSING = "dock_session_missing"
    STATION_ALTERED = "station_altered"
    STATION_MISSING = "station_missing"
    STATION_UNINVITED = "station_uninvited"
    INVITATION_ALTERED = "invitation_altered"
    UPLOAD_ALTERED = "upload_altered"
    USER_ALTERED = "user_altered"
    USER_MISSING = "user_missing"
    USER_WITHOUT_ENTRY = "user_without_entry"
    GRANT_WITHOUT_ENTRY = "grant_without_entry"
    GRANT_ALTERED = "grant_altered"
    DATABASE_DAMAGED = "database_damaged"


#: What is about a rendition: made of the original, which stands whatever became of it.
OF_RENDITIONS = frozenset(code for code in FindingCode if code.startswith("rendition_"))

#: What each code means, in one line; `docs/formats/findings.md` is held against this table.
MEANINGS: dict[FindingCode, str] = {
    FindingCode.CLIP_OBJECT_MISSING: "The store has no object for an admitted original.",
    FindingCode.CLIP_OBJECT_SIZE: "The stored original has another size than was admitted.",
    FindingCode.CLIP_OBJECT_DIGEST: "The stored original has another SHA-256 than was admitted.",
    FindingCode.CLIP_SM3: "The stored original has another SM3 digest than was admitted.",
    FindingCode.CLIP_ROW_ALTERED: "A clip's row says something else than the log.",
    FindingCode.CLIP_WITHOUT_ENTRY: "A clip's row stands without its clip.admitted entry.",
    FindingCode.CLIP_ROW_MISSING: "The log admitted a clip that has no row.",
    FindingCode.CLIP_NAME_ALTERED: "A further name of a clip says something else than the log.",
    FindingCode.CLIP_NAME_WITHOUT_ENTRY: "A further name of a clip has no clip.named entry.",
    FindingCode.CLIP_NAME_MISSING: "The log gave a clip a further name that has no row.",
    FindingCode.RENDITION_OBJECT_MISSING: "The store has no object for a logged rendition.",
    FindingCode.RENDITION_OBJECT_SIZE: "A stored rendition has another size than was logged.",
    FindingCode.RENDITION_OBJECT_DIGEST: "A stored rendition has another SHA-256 than was logged.",
    FindingCode.RENDITION_ROW_ALTERED: "A rendition's row says something else than the log.",
    FindingCode.RENDITION_WITHOUT_ENTRY: "A rendition's row stands without its entry.",
    FindingCode.RENDITION_ROW_MISSING: "The log made a rendition that has no row.",
    FindingCode.LINK_WITHOUT_ENTRY: "A clip is linked to a case and the log knows nothing of it.",
    FindingCode.LINK_MISSING: "The log linked a clip to a case and no such link stands.",
    FindingCode.LINK_ALTERED: "A link says something else than the log.",
    FindingCode.CASE_ALTERED: "A case's row says something else than the log.",
    FindingCode.CASE_WITHOUT_ENTRY: "A case's row stands without its case.created entry.",
    FindingCode.CASE_ROW_MISSING: "The log created a case that has no row.",
    FindingCode.ENTRY_ALTERED: "A log row is not the entry that was published at this index.",
    FindingCode.ENTRY_MISSING: "No log row stands at this index.",
    FindingCode.ENTRY_MOVED: "A published entry stands at another index than it was published at.",
    FindingCode.ENTRY_TAIL_MISSING: "The log's rows end before the size that was signed.",
    FindingCode.ITEM_CHAIN_BROKEN: "An item's entries do not follow one another.",
    FindingCode.DETAILS_ALTERED: "The details beside an entry are not those it commits to.",
    FindingCode.DETAILS_MISSING: "The details or the salt beside an entry are gone.",
    FindingCode.DETAILS_STANDING: "Details stand beside an entry that the log says were destroyed.",
    FindingCode.DESTRUCTION_OTHER: "A destruction is not of the entries whose digest it has.",
    FindingCode.DESTRUCTION_FORBIDDEN: "Details were destroyed that no rule could destroy.",
    FindingCode.DETAILS_LOST: "The details were lost with the database that was recovered since.",
    FindingCode.TILE_ALTERED: "A stored hash tile is not the tile of the published tree.",
    FindingCode.TILE_MISSING: "The store has no hash tile for this part of the tree.",
    FindingCode.BUNDLE_ALTERED: "A stored entry bundle does not hold the published entries.",
    FindingCode.BUNDLE_MISSING: "The store has no entry bundle for this part of the log.",
    FindingCode.CHECKPOINT_SIGNATURE: "A checkpoint is not signed by the keys it must be.",
    FindingCode.CHECKPOINT_ROOT: "The log does not have the root that its checkpoint signs.",
    FindingCode.CHECKPOINT_ROLLED_BACK: "A larger tree was signed than the one that is shown.",
    FindingCode.CHECKPOINT_INCONSISTENT: "Two signed checkpoints are not of one tree.",
    FindingCode.CHECKPOINT_MISSING: "A published checkpoint is gone.",
    FindingCode.KEY_UNTRUSTED: "An entry announces or retires a key under no trusted key.",
    FindingCode.COSIGNATURE_ALTERED: "A stored cosignature is not what its key signed.",
    FindingCode.COSIGNATURE_STRANGER: "A cosignature of no named witness and no enrolled station.",
    FindingCode.COSIGNATURE_AHEAD: "A larger tree was cosigned than stands here.",
    FindingCode.COSIGNATURE_OTHER_TREE: "Another tree was cosigned than stands here.",
    FindingCode.COSIGNATURE_MISSING: "A cosignature that was kept is gone.",
    FindingCode.TIMESTAMP_ALTERED: "A timestamp is not what the authority signed and the log says.",
    FindingCode.TIMESTAMP_MISSING: "The log received a timestamp whose row or object is gone.",
    FindingCode.TIMESTAMP_WITHOUT_ENTRY: "A timestamp's row stands without its entry.",
    FindingCode.TIMESTAMP_OTHER: "A timestamp is of other bytes than its checkpoint.",
    FindingCode.TIMESTAMP_CHAIN: "A timestamp's certificates do not lead to a pinned root.",
    FindingCode.TIMESTAMP_AUTHORITY: "A timestamp is of an authority without a pinned root.",
    FindingCode.ENTRY_TIME: "An entry can't be of the time that it says.",
    FindingCode.RECEIPT_ALTERED: "A stored receipt does not prove the clip it belongs to.",
    FindingCode.STATE_COUNTER: "The counters of the log do not agree with its rows.",
    FindingCode.OBJECT_UNREGISTERED: "An object in the store is named by no entry and no row.",
    FindingCode.SIGNER_MEMORY: "The signer does not remember what was published.",
    FindingCode.SCHEMA_ALTERED: "A table is not as the house made it, or something acts by itself.",
    FindingCode.DOCK_SESSION_ALTERED: "A dock session's row says something else than the log.",
    FindingCode.DOCK_SESSION_MISSING: "The log received a dock session that has no row.",
    FindingCode.STATION_ALTERED: "A station's row says something else than the log.",
    FindingCode.STATION_MISSING: "The log enrolled a station that has no row.",
    FindingCode.STATION_UNINVITED: "A station was enrolled under a name that nobody invited.",
    FindingCode.INVITATION_ALTERED: "An invitation of a station says something else than the log.",
    FindingCode.UPLOAD_ALTERED: "An upload's row says something else than the clip it became.",
    FindingCode.USER_ALTERED: "A user's row says something else than the log.",
    FindingCode.USER_MISSING: "The log created a user who has no row.",
    FindingCode.USER_WITHOUT_ENTRY: "A user's row stands without its user.created entry.",
    FindingCode.GRANT_WITHOUT_ENTRY: "A viewing, download or listing that no entry opened.",
    FindingCode.GRANT_ALTERED: "A viewing, download or listing says something else than the log.",
    FindingCode.DATABASE_DAMAGED: "An index does not agree with its table, or a page is damaged.",
}


class VerificationImpossibleError(CustodyError):
    """The rows or the objects can't be read, so nothing can be said about them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not verify: what it is about, what was expected, what was found.

    ``subject`` names the thing as the log does (``clip:<id>``, ``case:<id>``, ``log:<index>``, or
    an object's key); ``message`` is one sentence. The texts are English, and where they are
    `Said` they can be said in another language. All texts can be written:
    what an altered row holds comes in as it stands, and its lone surrogates are spelled out.
    """

    code: FindingCode
    subject: str
    message: str
    expected: str | None = None
    found: str | None = None
    clip_id: str | None = None
    entry_index: int | None = None

    def __post_init__(self) -> None:
        _make_writable(self)


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that could not be read, so nothing can be said about it; texts as in `Finding`."""

    subject: str
    reason: str
    clip_id: str | None = None

    def __post_init__(self) -> None:
        _make_writable(self)


def _make_writable(told: Finding | Unchecked) -> None:
    for one in fields(told):
        value = getattr(told, one.name)
        if isinstance(value, str) and not is_readable(value):
            object.__setattr__(told, one.name, shown(value))
