"""Both catalogues say the same things, and every word that is used is there and used."""

import re
import string
from pathlib import Path

import pytest

import api
from api.auth.users import (
    DISABLED,
    ENABLED,
    ONE_TIME_PASSWORD,
    PASSWORD,
    PASSWORD_RESET,
    PERSON_ROLES,
)
from api.errors import ANSWERS
from api.web import entry_values, station_status
from api.web.locale import LANGUAGES, ONE, catalogue, has_text, translate
from api.web.pages import DONE
from api.web.trace import TraceState
from custody.access import Right
from custody.cases import CASE_FIELDS, Procedure, Stage
from custody.clip_rows import MEDIA_KINDS
from custody.clips import ClipState
from custody.events import EventKind
from custody.said import TEXTS
from custody.tables import metadata
from custody.timestamps.stamper import TROUBLES
from custody.verification.findings import FindingCode
from custody.viewings import GrantKind
from custody.witnesses.asking import Trouble
from ingest.dock_lists import FileFate
from ingest.verdicts import Reason
from station_agent import reasons
from tests.services.log_keys import Sources

TEMPLATES = sorted((Path(api.__file__).parent / "web/templates").rglob("*.html"))
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
#: ``t('a.key')`` whole, and ``t('a.' ~ …)`` as the beginning of some.
WHOLE = set(re.findall(r"\bt\('([^']+)'(?! ~)", SOURCE)) | set(
    re.findall(r"'((?:clip|station)\.\w+)'", SOURCE)
)
BEGINNINGS = set(re.findall(r"\bt\('([^']+)' ~", SOURCE))

#: Words of values in entries, which `api.web.entry_values` chooses by their keys.
IN_ENTRIES = {
    "scope.": ["everything", "log", "case", "clip", "sample"],
    "grant.": [kind.value for kind in GrantKind],
}

#: Words that come from data, each with everything that it can be.
FAMILIES = {
    "right.": [right.value for right in Right],
    "why.": ["forged_form", "no_grant", "not_signed_in", "row_altered"],
    "subject.": ["clips", "cases", "links", "users", "stations", "verification"],
    "what.": [PASSWORD, ONE_TIME_PASSWORD, PASSWORD_RESET, DISABLED, ENABLED],
    "event.": [kind.value for kind in EventKind],
    "finding.": [code.value for code in FindingCode],
    "stage.": [stage.value for stage in Stage],
    "procedure.": [procedure.value for procedure in Procedure],
    "state.": [state.value for state in ClipState],
    "clip.reason.": [state.value for state in ClipState],
    "viewing.nothing.": [state.value for state in ClipState],
    "viewing.nothing_do.": [state.value for state in ClipState],
    "clip_reason.": [reason.value for reason in Reason],
    "kind.": list(MEDIA_KINDS),
    "role.": [role.value for role in PERSON_ROLES] + ["station", "system", "operator", "anonymous"],
    "proof.": [state.value for state in TraceState],
    "trace.key.": [state.value for state in TraceState],
    "outcome.": ["ok", "denied", "failed"],
    "phase.": ["database", "schema", "log", "tiles", "checkpoints", "rows", "objects", "bytes"],
    "run_scope.": ["everything", "log", "case", "clip", "sample"],
    "rendition.": ["proxy", "poster", "sheet", "waveform"],
    "witness.trouble.": [trouble.value for trouble in Trouble],
    "file.": [*station_status.WAY, *station_status.TROUBLED],
    "fact.": sorted(Sources().keys() | {"actor_name"}),  # that one the ledger adds
    "fate.": [fate.value for fate in FileFate],
    "reason.": [
        value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)
    ],
    "stamp.trouble.": [*TROUBLES.values(), "behind", "busy", "internal"],
    "password.why.": ["short", "long", "same", "different"],
    "room.": ["clips", "cases", "stations", "verification", "log"],
    "case.": list(CASE_FIELDS),
    "log.": ["kind", "item", "actor"],
    "filter.": [
        "text",
        "officer",
        "recorder",
        "from",
        "to",
        "state",
        "kind",
        "important",
        "untimed",
    ],
    "done.": list(DONE),
    "filter.unreadable.": ["day", "choice", "swapped"],
    "unassigned.": ["nothing_ticked", "nobody_named", "wrong_code"],
    "error.": [
        f"{key}.{part}"
        for key in {answer.key for _, answer in ANSWERS}
        | {
            "disk_full",
            "internal",
            "method",
            "range",
            "unreadable",
            "no_such_case",
            "nothing_selected",
            "stage_unfit",
        }
        | {"body_slow", "body_large", "database_read_only"}
        for part in ("what", "evidence", "do")
    ],
}
#: Words of which `api.web.telling` makes what a verification found.
IN_FINDINGS = {
    "said.": list(TEXTS),
    "column.": sorted(
        {column.name for table in metadata.sorted_tables for column in table.columns}
        & {key.removeprefix("column.") for key in catalogue("zh") if key.startswith("column.")}
    ),
    "thing.": ["station", "dock_session", "user", "invitation"],
    "stored.": ["original", "proxy", "poster", "sheet", "waveform"],
    "item.": ["log", "service", "anonymous"],
    "standing.": ["stands", "was_removed"],
    "source.": ["checkpoints", "signer"],
    "wanted.": [
        *("time", "date", "JSON", "yes_or_no", "whole_number", "bytes", "text", "index"),
        *("description_of_a_recording", "count"),
    ],
}
KNOWN = FAMILIES | IN_ENTRIES | IN_FINDINGS


def test_the_catalogues_have_the_same_keys() -> None:
    first, second = (set(catalogue(language)) for language in LANGUAGES)
    ones = {key for key in second if key.endswith(ONE)}
    assert first == second - ones
    assert all("{count}" in translate("en", key.removesuffix(ONE)) for key in ones)


def test_one_thing_is_not_said_as_many() -> None:
    assert translate("en", "verification.found", count=1) == "one finding"
    assert translate("en", "verification.found", count=11) == "11 findings"
    assert "1" in translate("zh", "verification.found", count=1)


def test_the_catalogues_fill_in_the_same_names() -> None:
    def names(text: str) -> set[str]:
        if text.startswith('{"'):
            return set()  # the player's own words, in its own form
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    first, second = (catalogue(language) for language in LANGUAGES)
    assert {key for key in first if names(first[key]) != names(second[key])} == set()


def test_every_word_of_the_templates_is_in_the_catalogues() -> None:
    assert {key for key in WHOLE if not has_text(key)} == set()


def test_every_family_is_known_here_and_complete() -> None:
    assert set(FAMILIES) == BEGINNINGS
    families = {family for several in entry_values.FAMILIES.values() for family in several}
    assert families <= set(FAMILIES | IN_ENTRIES)
    assert set(IN_ENTRIES) <= families
    wanted = {beginning + end for beginning, ends in KNOWN.items() for end in ends}
    assert {key for key in wanted if not has_text(key)} == set()


def test_no_word_is_left_over() -> None:
    used = WHOLE | {beginning + end for beginning, ends in KNOWN.items() for end in ends}
    assert set(catalogue("zh")) - used == set()


def test_no_text_is_empty() -> None:
    assert all(text.strip() for language in LANGUAGES for text in catalogue(language).values())


def test_every_right_that_a_template_asks_for_exists() -> None:
    asked = set(re.findall(r"\bRight\.(\w+)", SOURCE))
    assert asked <= set(Right.__members__)


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        translate("zh", "no.such.key")
