"""The database administrator at the details of entries: to hide by their destruction."""

from custody.events import EventKind
from custody.verification import FindingCode as C
from tests.tamper import destruction_attacks as made
from tests.tamper.threats.table import Case, Threat, told, verified

#: What is left where nothing explains that details are gone and the row says something does.
_UNEXPLAINED = {C.DETAILS_ALTERED, C.DETAILS_MISSING}
_FORBIDDEN = _UNEXPLAINED | {C.DESTRUCTION_FORBIDDEN}

DESTRUCTIONS: tuple[Threat, ...] = (
    verified(
        "Deletes who opened a recording and why, and has the row name a true destruction of other "
        "details.",
        Case(made.hide_a_viewing, _UNEXPLAINED, clip=0, entry="clip.opened"),
    ),
    verified(
        "Appends a false destruction for it, of a kind that no rule may name.",
        Case(
            made.forge(EventKind.CLIP_OPENED, kinds=("clip.opened",)), _FORBIDDEN, name="forge_kind"
        ),
    ),
    verified(
        "Appends a false destruction of details that may go, but not yet.",
        Case(made.forge(aged=False), _FORBIDDEN, name="forge_young"),
    ),
    verified(
        "Appends a false destruction of what is of today, with a time at which it may go.",
        Case(made.forge_to_come, _FORBIDDEN | {C.ENTRY_TIME}),
    ),
    told(
        "The same, and waits until that time has come.",
        "`liuhen verify`, by the entries numbered after it",
        " ".join(sorted(_FORBIDDEN | {C.ENTRY_TIME})),
        "test_false_times.py::test_a_destruction_ahead_of_its_time_is_named_for_ever",
    ),
    told(
        "Appends an entry with a time to come, or of long before the entry ahead of it.",
        "`liuhen verify`",
        f"{C.ENTRY_TIME}",
        "test_false_times.py::test_a_time_to_come_or_long_gone_is_named",
    ),
    told(
        "Appends false destructions by a rule that was not set, below the floor, of entries that "
        "the rule does not choose, of as many as there are not.",
        "`liuhen verify`",
        " ".join(sorted(_FORBIDDEN)),
        "test_destroyed_details.py::test_every_false_destruction_is_named",
    ),
    verified(
        "Appends a destruction with the digest of other entries than it lists.",
        Case(made.forge(leaves_sha256="0" * 64), {C.DESTRUCTION_OTHER}, name="forge_digest"),
    ),
    verified(
        "Brings back others in the place of details that were destroyed.",
        Case(
            made.bring_back(forged=True),
            {C.DETAILS_STANDING, C.DETAILS_ALTERED},
            name="bring_back_others",
        ),
    ),
    verified(
        "Has a row say another time of the destruction of its details than the log, or none.",
        Case(
            made.say_in_the_row(details_destroyed_at=None, details_destroyed_under=None),
            {C.DETAILS_ALTERED},
            name="no_destruction",
        ),
    ),
    told(
        "Takes what a destruction itself says: rewrites its row to name another entry.",
        "`liuhen verify`; pages mark the entry whose details are gone",
        f"{C.ENTRY_ALTERED}",
        "test_destroyed_details.py::test_a_rewritten_destruction_is_read_as_published",
    ),
)
