"""What can be done to timestamps, and what they show of the clock of an entry."""

from custody.verification import FindingCode as C
from tests.tamper.threats.table import Threat, told

_DONE = "test_timestamps.py::test_what_is_done_to_a_timestamp_is_named"

#: By whoever may write the rows and the objects.
ALTERED: tuple[Threat, ...] = (
    told(
        "Alters a timestamp, its object, time or authority, or puts another in its place.",
        "`liuhen verify`",
        C.TIMESTAMP_ALTERED,
        _DONE,
    ),
    told(
        "Deletes a timestamp: the row, the object or both.",
        "`liuhen verify`, by the entry of its receipt",
        C.TIMESTAMP_MISSING,
        _DONE,
    ),
    told("Makes up a timestamp.", "`liuhen verify`", C.TIMESTAMP_WITHOUT_ENTRY, _DONE),
    told(
        "Takes the roots of an authority away.",
        "`liuhen verify`",
        C.TIMESTAMP_AUTHORITY,
        "test_timestamps.py::test_an_authority_without_roots_is_named",
    ),
    told(
        "Exchanges the roots of an authority.",
        "`liuhen verify`",
        C.TIMESTAMP_CHAIN,
        "test_timestamps.py::test_roots_that_were_exchanged_are_named",
    ),
)

#: By whoever has the keys as well.
SHOWN: tuple[Threat, ...] = (
    told(
        "Puts in a token over other bytes, with its entry.",
        "`liuhen verify`",
        C.TIMESTAMP_OTHER,
        "test_timestamps.py::test_a_token_of_other_bytes_is_named",
    ),
    told(
        "Dates a new entry back behind a timestamp.",
        "`liuhen verify`, by the timestamps before it",
        C.ENTRY_TIME,
        "test_timestamps.py::test_a_back_dated_entry_is_named",
    ),
)
