"""The owner of a station: has its machine, its key and the recorders, and nothing of the server."""

from tests.tamper.threats.table import Threat, told

_UPLOADS = "tests/integration/api/test_uploads.py::"
_API = "tests/integration/api/test_stations_api.py::"
_STATIONS = "tests/unit/ingest/test_stations.py::"
_SESSIONS = "tests/unit/ingest/test_dock_sessions.py::"
_AGENT = "tests/integration/station_agent/"

THREATS: tuple[Threat, ...] = (
    told(
        "Sends other bytes than he announced.",
        "the archive, before anything is stored",
        "HTTP_460",
        f"{_UPLOADS}test_bytes_unlike_the_announced_digest_are_refused_and_gone",
    ),
    told(
        "Sends more bytes than he announced.",
        "the archive, which keeps none of them",
        "HTTP_413",
        f"{_UPLOADS}test_more_bytes_than_announced_are_not_kept",
    ),
    told(
        "Announces bytes the archive has with another size or another second digest.",
        "the archive",
        "HTTP_400 HTTP_460",
        f"{_UPLOADS}test_known_bytes_with_another_size_or_sm3_are_refused",
    ),
    told(
        "Lets a program in between alter the name or time of a file.",
        "the archive, by the digest of the announcement; the station, by the archive's answer",
        "HTTP_400",
        f"{_UPLOADS}test_what_was_understood_is_said_and_what_was_altered_refused",
    ),
    told(
        "Lists files he never sends.",
        "the page of the dock session: each is missing until it has come",
        "missing",
        "test_stations.py::test_what_was_listed_and_never_sent_is_missing",
    ),
    told(
        "Claims another station's upload: asks for it, sends to it, deletes it, takes its receipt.",
        "the archive",
        "HTTP_404",
        f"{_UPLOADS}test_nobody_else_gets_at_an_upload",
    ),
    told(
        "Takes back what was archived.",
        "the archive",
        "HTTP_403",
        f"{_UPLOADS}test_what_is_archived_cant_be_taken_back",
    ),
    told(
        "Signs with a key that was revoked, or not his.",
        "the archive; `liuhen verify`, where the row of the revocation was taken back",
        "HTTP_401",
        f"{_API}test_a_session_needs_the_stations_signature",
    ),
    told(
        "Goes on with a session that was opened before the key was revoked.",
        "the archive, at the next request",
        "StationAuthError",
        f"{_STATIONS}test_a_revoked_station_is_out_at_once",
    ),
    told(
        "Replays a signed challenge, or another station's.",
        "the archive: each is good once and for its station",
        "StationAuthError",
        f"{_STATIONS}test_a_challenge_is_good_once_and_for_its_station_only",
    ),
    told(
        "Sets his clock ten years off.",
        "the log: its times are the server's; both times of docking stand on the session's page",
        "",
        "test_stations.py::test_a_clock_ten_years_off_dates_no_entry",
    ),
    told(
        "Gives his files dates from any year.",
        "nobody is misled: they are kept as said, beside the server's own time",
        "",
        f"{_UPLOADS}test_any_time_a_station_may_say_of_a_file_is_admitted",
    ),
    told(
        "Hands in a list signed by another station, or altered after signing.",
        "the archive",
        "ManifestError",
        f"{_SESSIONS}test_what_this_station_did_not_sign_is_refused",
    ),
    told(
        "Hands in a second list for a session, with files left out.",
        "the archive: a session has one list",
        "ManifestError",
        f"{_SESSIONS}test_a_session_has_one_manifest",
    ),
    told(
        "Enrols a second machine with a token that was used.",
        "the archive",
        "EnrolmentError",
        f"{_STATIONS}test_a_token_enrols_one_station_once",
    ),
    told(
        "Enrols under the name or with the key of another station.",
        "the archive",
        "StationExistsError",
        f"{_STATIONS}test_names_and_keys_are_taken_once",
    ),
    told(
        "Enrols a key that bears the fingerprint of another.",
        "the archive",
        "StationKeyError",
        f"{_STATIONS}test_a_key_must_carry_its_own_fingerprint",
    ),
    told(
        "Rolls back the station's journal.",
        "nothing is lost or doubled: what comes again is known by its digest, and what the "
        "station saw of the log stands apart from the journal",
        "",
        f"{_AGENT}test_rolled_back_journals.py::test_an_older_journal_loses_and_doubles_nothing",
    ),
    told(
        "Rolls back the journal to hide an archive that was put back.",
        "the station, by `trust.json`: an alarm that stays",
        "alarm",
        f"{_AGENT}test_rolled_back_journals.py::test_an_older_journal_forgets_no_checkpoint",
    ),
    told(
        "Damages the journal.",
        "the station, which sets it aside and begins anew from dock and archive",
        "",
        f"{_AGENT}test_agent.py::test_a_lost_journal_is_rebuilt_from_dock_and_archive",
    ),
    told(
        "Shows a receipt of a key of his own, or for other bytes.",
        "whoever opens it: `liuhen-verify receipt`, another station",
        "ReceiptError NoteError",
        "tests/unit/custody/outside/test_checks.py::test_a_receipt_is_for_its_recording_only",
    ),
    told(
        "Swaps a file on the recorder between hashing and sending.",
        "the archive, by the digest; the station hashes and sends again",
        "HTTP_460",
        f"{_AGENT}test_agent.py::test_digest_mismatch_is_hashed_and_sent_again",
    ),
    told(
        "Puts links, pipes or devices on a recorder.",
        "the station, which opens none and lists each with the reason",
        "skipped",
        f"{_AGENT}test_hostile_files.py::test_what_is_no_file_is_reported_and_never_opened",
    ),
    told(
        "Gives files names that lead elsewhere or can't be read.",
        "nobody is misled: a name is bytes in a column, never a path in the store",
        "",
        f"{_UPLOADS}test_any_name_is_kept_as_it_is",
    ),
    told(
        "Sends bodies without end.",
        "the archive",
        "HTTP_413",
        f"{_API}test_bodies_are_bounded",
    ),
)
