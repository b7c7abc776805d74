"""What can be done to the cosignatures that the archive keeps, and what they show."""

from custody.verification import FindingCode as C
from tests.tamper.threats.table import Threat, told

_DONE = "test_cosignatures.py::test_what_is_done_to_cosignatures_is_found"

#: By whoever may write the rows.
ALTERED: tuple[Threat, ...] = (
    told(
        "Deletes a cosignature, all of them, or the copy of one in the store.",
        "`liuhen verify`, which holds rows and copies against each other",
        C.COSIGNATURE_MISSING,
        _DONE,
    ),
    told(
        "Alters a cosignature: its line, time, key, size, or the station that brought it.",
        "`liuhen verify`",
        C.COSIGNATURE_ALTERED,
        _DONE,
    ),
    told(
        "Makes up a cosignature under a known name, or of a station before it was enrolled.",
        "`liuhen verify`",
        C.COSIGNATURE_STRANGER,
        _DONE,
    ),
    told(
        "Takes a witness out of the policy whose cosignatures are kept.",
        "`liuhen verify`, once for each key",
        C.COSIGNATURE_STRANGER,
        "test_cosignatures.py::test_a_witness_that_no_policy_names_is_named_once",
    ),
)

#: By whoever has the keys as well.
SHOWN: tuple[Threat, ...] = (
    told(
        "Rewrites history beneath cosignatures that are kept.",
        "`liuhen verify`; where rows and copies of them were deleted too, the witness itself",
        C.COSIGNATURE_OTHER_TREE,
        "test_cosignatures.py::test_a_history_rewritten_with_the_servers_key_is_seen_with_one",
    ),
    told(
        "Cuts the tail off in every place but the kept cosignatures.",
        "`liuhen verify`",
        C.COSIGNATURE_AHEAD,
        "test_cosignatures.py::test_a_log_put_back_to_an_older_day_is_seen",
    ),
)
