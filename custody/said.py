"""Texts that a verification says in English and that can be said in another language.

Programs read the English text, which is what a `Said` is; whoever shows it to people asks it for
what it was made of. `TEXTS` has each text once; the catalogues of the pages have the same under
``said.<code>``.
"""

from collections.abc import Mapping
from typing import Self

_CELLS = {
    "nothing": "nothing",
    "yes": "yes",
    "no": "no",
    "the_bytes": "the bytes {hex}",
    "quoted": "“{text}”",
    "structure": "{text}",
    "misfit": "{found}, which is no {wanted}",
    "wanted": "{wanted}",
    "column": "{column}: {value}",
    "column_is": "{column}={value}",
    "lost": "something that is lost",
    "something_else": "something else",
    "error": "{error}",
}

_ROWS = {
    "log_row": "The log says {column} is {expected}, the row says {found}.",
    "row_of_unknown": "The row of this {thing} stands without the entry that made it.",
    "row_of_known": "The log knows this {thing}; its row is gone.",
    "clip_unknown": "This clip's row stands without the entry that admitted it.",
    "clip_again": "A further row stands under the id of this clip, which has its own.",
    "rendition_unknown": "This {rendition} stands without the entry that made it.",
    "officer_unknown": "This officer stands in a case without the entry that created the case.",
    "link_unknown": "This link stands without the entry that made it on this clip.",
    "grant_unknown": "This {grant} stands without the entry that opened this clip.",
    "listing_unknown": "This {grant} stands without the entry that opened it.",
    "name_unknown": "This further name stands without the entry that gave it to this clip.",
    "case_unknown": "This case's row stands without the entry that created it.",
    "case_again": "A further row stands under the id of this case, which has its own.",
    "grant_by": "{grant} by {actor}",
    "clip_gone": "Entry {entry} admitted this clip; its row is gone.",
    "rendition_gone": "Entry {entry} made this {rendition}; its row is gone.",
    "name_gone": "Entry {entry} gave this clip a further name; its row is gone.",
    "case_gone": "Entry {entry} created this case; its row is gone.",
    "not_numbered": "(not numbered yet)",
    "link_gone": "By the log this link {standing}; its row is gone.",
    "link_differs": "By the log this link {standing}; its row says otherwise.",
    "standing": "{standing}",
    "case_stage": "case {case}, {stage}",
    "manifest_other": "The list kept for this dock session is not the one its station signed.",
    "docking_time": "The row says another time of docking than the list its station signed.",
    "uninvited": "This station was enrolled, and nobody invited one of its name before.",
    "upload_row": "By its clip {column} of this upload is {expected}, its row says {found}.",
    "stamp_unknown": "This timestamp stands without the entry that received it.",
    "stamp_row_gone": "Entry {entry} received this timestamp; its row is gone.",
    "stamp_object_gone": "The store has no object {path} for this timestamp.",
    "stamp_object_other": "The object {path} is not the timestamp that was received.",
    "stamp_unknown_authority": "No root is pinned for {authority}, so this can't be checked.",
    "stamp_wrong": "This timestamp of {authority} does not hold: {error}",
    "stamp_time": "The log says another time than {authority} has in its timestamp.",
    "entry_early": "Entry {index} says a time at which, by a timestamp, it was not in the log yet.",
    "entry_late": "Entry {index} says a time at which, by a timestamp, it was in the log already.",
    "entry_backward": "Entry {index} says a time long before that of the entry ahead of it.",
    "entry_to_come": "Entry {index} says a time that has not come yet.",
    "not_before": "not before {at}",
    "not_after": "not after {at}",
    "receipt_wrong": "The stored receipt does not prove this clip: {error}",
    "receipt_of": "a receipt of entry {entry}",
    "receipt_alone": "A receipt stands beside a clip that the log does not know.",
    "receipt_again": "A further receipt stands beside this clip, which has its own.",
    "receipt_beside": "a receipt beside {clip}",
}

_ENTRIES = {
    "pending_bytes": "The bytes of this entry, which has no index yet, are not those appended.",
    "chain": "{error}",
    "after_number": "after number {number}",
    "number": "number {number}",
    "no_entry": "Not an entry: {error}",
    "row_holds": "The row of this entry holds in {column} {found}.",
    "entry_row": "The entry says {column} is {expected}, the row beside it says {found}.",
    "commitment": "{error}",
    "details_with": "details with the commitment {commitment}",
    "no_details": "no details",
    "details_destroyed": "The row says that the details were destroyed ({column}); no entry does.",
    "details_lost": (
        "The details of entry {kind} went with the database that was recovered since; "
        "the entry itself stands."
    ),
    "details_gone": "Entry {kind} commits to details that are not there.",
    "details_standing": "The details of this entry were destroyed on {at} under rule {rule}; they "
    "stand here all the same.",
    "destroyed_by_none": "The entry {kind} destroys nothing: {error}.",
    "destroyed_unchosen": "Rule {rule} did not choose entry {index}, whose details were destroyed "
    "under it.",
    "destroyed_others": "The {count} entries whose details were destroyed do not have the digest "
    "that was logged.",
    "kind_at": "{kind} {at}",
    "moved": "The entry at {index} was published at {place}.",
    "row_other": "The row of entry {index} does not hold what was published.",
    "no_row": "The entry published at {index} has no row.",
    "leaf_hash": "The leaf hash beside entry {index} is not that of its bytes.",
    "of_item": "{message} It is of {item}.",
    "tail": "The rows end at {end}, {signed} entries were signed.",
    "tail_of": "The rows end at {end}, {signed} entries were signed; what is missing is of "
    "{items}.",
    "gap": "Rows {first} to {last} of the log are missing; they were not published yet.",
    "rows": "rows {first} to {last}",
    "counters": "The counters of the log are no numbers.",
    "counters_again": "Further counters stand beside those of the log, which has one row of them.",
    "rows_of_counters": "{count} rows",
    "pair": "{first}, {second}",
    "numbered": "{sequenced} entries were numbered, the last row has number {last}.",
    "tiles_ahead": "{integrated} entries are said to be in the tiles, {sequenced} are numbered.",
    "tiles_behind": "{integrated} entries are said to be in the tiles, {signed} are published.",
    "row_numbers_behind": "The numbering of the log's rows is behind or gone: the number that the "
    "next one gets may be taken.",
    "row_numbers_end": "The numbering of the log's rows was moved to its end: no entry can follow.",
    "at_most": "at most {number}",
    "at_least": "at least {number}",
}

_TREE = {
    "signer_unreadable": "The signer's memory can't be read.",
    "signer_less": "{published} entries were published; the signer on this host remembers less.",
    "checkpoint_or_later": "the checkpoint of {size} entries, or a later one",
    "checkpoint_of": "the checkpoint of {size} entries",
    "checkpoint_from": "a checkpoint of at least {size} entries",
    "checkpoint_holds": "The row of the checkpoint of {size} entries holds in {column} {found}.",
    "pointer_gone": "The published checkpoint is gone though the log was published.",
    "pointer_behind": "The checkpoint shows {shown} entries, {published} were published.",
    "pointer_foreign": "The published checkpoint is not this log's: {error}",
    "signed_by": "signed by {verifier}",
    "key_untrusted": "Entry {index} is about the log's keys and does not count: {error}",
    "archived_gone": "The archived checkpoint of {size} entries is gone.",
    "checkpoint_row_gone": "The row of the checkpoint of {size} entries is gone.",
    "archived_now_gone": "The archived checkpoint is gone.",
    "row_root": "The row's root is not the one its note signs.",
    "no_checkpoint": "Not a checkpoint of this log: {error}",
    "filed_under": "Filed under {filed} entries, it signs {size}.",
    "other_root": "The first {size} entries have another root than this checkpoint signs.",
    "shown_less": "The checkpoint shows {shown} entries; {source} knows of {known}.",
    "signed_other": "The first {size} entries have another root than was signed.",
    "root_differs": "The {size} entries of the log do not have the signed root.",
    "root_unproved": "The {size} entries of the log do not have the signed root; neither rows, "
    "tiles nor bundles can be proved from entry {first} on.",
    "wound_back": "The log holds {held} of the {kept} entries that were kept and shows a "
    "checkpoint of {shown}: it was wound back, or restored from an older copy.",
    "not_kept": "The first {size} entries are not those of the checkpoint that was kept.",
    "entries_under": "{size} entries under {root}",
    "cosignature_wrong": "What stands as a cosignature on {size} entries is none.",
    "cosignature_stranger": "{count} cosignatures are of {name}, a key that no policy names and "
    "that no station had then.",
    "cosignature_ahead": "{name} cosigned {size} entries, {newest} are published: the log was "
    "wound back, or restored from an older copy.",
    "cosignature_other": "{name} cosigned another tree of {size} entries than stands here: the "
    "log was rewritten.",
    "cosignature_row_gone": "The row of this cosignature on {size} entries is gone.",
    "cosignature_object_gone": "The archived copy of this cosignature on {size} entries is gone.",
    "cosignature_object_other": "The archived copy is not the checkpoint and the cosignature that "
    "the rows have.",
    "bundle_gone": "The bundle of entries {first} to {last} is gone.",
    "bundle_other": "The bundle does not hold entry {index} as it was published.",
    "no_bundle": "no bundle of entries",
    "tile_gone": "The tile {index} of level {level} is gone.",
    "tile_other": "Hash {place} of the tile is not that of the published tree.",
    "no_tile": "no tile of hashes",
    "old_bundle": "Entry {place} of this entry bundle of an earlier, smaller log is not that of "
    "the published tree.",
    "old_tile": "Hash {place} of this tile of an earlier, smaller log is not that of the "
    "published tree.",
    "nothing_more": "nothing more",
    "ends_after": "nothing: it ends after {count}",
    "bytes_no_bundle": "{size} bytes that are no entry bundle",
    "bytes_no_tile": "{size} bytes that are no tile",
    "tile_lacking": "Entry {index} can't be proved: a tile of the tree is gone.",
    "tile_unfit": "Entry {index} can't be proved from the stored tiles: {error}",
}

_STORE = {
    "stored_size": "The stored {stored} of clip {clip} has another size than the log says.",
    "stored_bytes": "The stored {stored} of clip {clip} has other bytes than the log says.",
    "stored_sm3": "The stored {stored} of clip {clip} has another SM3 digest than the log says.",
    "stored_sm3_too": "The SM3 digest of the stored {stored} of clip {clip} differs too: it is "
    "taken of the same bytes.",
    "stored_gone": "The stored {stored} of clip {clip} is gone.",
    "stored_replaced": "The stored {stored} of clip {clip} is gone; {found} stands in its place.",
    "bytes": "{size} bytes",
    "symbolic_link": "a symbolic link",
    "no_file": "a folder, a pipe or another thing that is no file",
    "disk": "the disk can't read it (EIO)",
    "unreadable": "{error}",
    "unfinished": "this phase was not finished: {error}",
    "unnamed": "This object stands in the store, and no entry and no row names it.",
    "no_object": "no object",
    "bytes_since": "{size} bytes since {at}",
    "table_gone": "This table is gone.",
    "column_gone": "This column of the table is gone.",
    "index_gone": "This index is gone, which keeps one thing from being written twice.",
    "trigger": "A trigger changes by itself what is written here; the house has none.",
    "column_other": "This column is defined otherwise than the house defined it.",
    "column_extra": "The house has no such column in this table.",
    "key_gone": "This key is gone; without it a row can stand twice, or alone.",
    "key_extra": "The house has no such key; it can refuse what is written, or delete what stands.",
    "sequence": "This is not how the house counts here; entries can be numbered out of order.",
    "setting": "A setting of the database changes what statements mean or skips what they set off.",
    "index_extra": "The house has no such unique index; it can refuse what is written.",
    "rule": "A rule does something else than what is written here; the house has none.",
    "policy": "A policy hides or refuses some rows here; the house has none.",
    "child": "Another table inherits from this one; its rows are read as if they stood here.",
    "unlogged": "This table is unlogged: a crash of the database's server empties it.",
    "clause": "The definition says something that the house never wrote; it may drop, change or "
    "refuse what is written.",
    "version_other": "The database does not say that its tables are those of this program.",
    "table_damaged": "The table {table} of the database is damaged.",
    "index_damaged": "The index {index} does not agree with its table {table}.",
    "of_clip": "{message} It is of clip {clip}.",
    "bag_there": "{path} is there already and not empty",
    "bag_room": "{path}: {wanted} bytes are needed, {free} are free",
    "pages_hold": "a table whose pages hold together",
    "same_in_both": "the same in table and index",
}

TEXTS: dict[str, str] = _CELLS | _ROWS | _ENTRIES | _TREE | _STORE


class Said(str):
    """The text of ``code`` in English, with the ``values`` that fill its places."""

    __slots__ = ("code", "values")

    code: str
    values: Mapping[str, object]

    def __new__(cls, text: str, code: str = "", values: Mapping[str, object] | None = None) -> Self:
        made = super().__new__(cls, text)
        made.code = code
        made.values = values or {}
        return made


def said(code: str, **values: object) -> Said:
    """The text of ``code``. A value may be a `Said` itself. Raises `KeyError` for no such code."""
    kept = {name: _kept(value) for name, value in values.items()}
    return Said(TEXTS[code].format(**kept), code, kept)


def _kept(value: object) -> object:
    """An exception as its text: it would hold on to whatever its frames had open."""
    return value if isinstance(value, str | int) else str(value)
