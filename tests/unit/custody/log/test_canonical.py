import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    canonical_json,
    format_time,
    parse_canonical,
    parse_time,
    to_milliseconds,
)
from custody.log.errors import EntryError, LogError
from tests.unit.custody.log.strategies import values


@given(values)
def test_a_value_comes_back_as_it_was(value):
    assert parse_canonical(canonical_json(value)) == value


@given(values)
def test_the_bytes_are_plain_json(value):
    assert json.loads(canonical_json(value)) == value


def test_the_spelling_is_that_of_rfc_8785():
    value = {"b": [1, True, None], "a": '€$\n\x0f\x1f"\\/\x7fＡ\u2028', "aa": "", "B": -5}
    assert canonical_json(value) == (
        '{"B":-5,"a":"€$\\n\\u000f\\u001f\\"\\\\/\x7fＡ\u2028","aa":"","b":[1,true,null]}'.encode()
    )


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        b"bytes",
        (1, 2),
        "\ud800",
        {"é": 1},
        {1: 2},
        {"\ud800": 1},
        {"a": [{"b": 0.5}]},
        {"a": {1, 2}},
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(EntryError):
        canonical_json(value)


def test_nesting_is_bounded():
    value = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert parse_canonical(canonical_json(value)) == value
    with pytest.raises(EntryError):
        canonical_json([value])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1 ",
        b"01",
        b"-0",
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b"9007199254740992",
        b"1" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{} {}",
        b"'a'",
        b'"\n"',
    ],
)
def test_any_other_spelling_is_refused(data):
    with pytest.raises(EntryError):
        parse_canonical(data)


@given(st.binary(max_size=40))
def test_hostile_bytes_are_refused_or_are_canonical(data):
    try:
        value = parse_canonical(data)
    except LogError:
        return
    assert canonical_json(value) == data


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_comes_back_to_the_millisecond(at):
    assert parse_time(format_time(at)) == to_milliseconds(at)
    assert timedelta(0) <= at - to_milliseconds(at) < timedelta(milliseconds=1)


def test_times_are_written_in_utc():
    shanghai = timezone(timedelta(hours=8))
    at = datetime(2026, 11, 22, 17, 21, 38, 123999, tzinfo=shanghai)
    assert format_time(at) == "2026-11-22T09:21:38.123Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:21:38Z",
        "2026-11-22T09:21:38.123",
        "2026-11-22T09:21:38.123+00:00",
        "2026-11-22t09:21:38.123Z",
        "2026-11-22 09:21:38.123Z",
        "2026-02-30T09:21:38.123Z",
        "2026-11-22T24:00:00.000Z",
        "2026-11-22T09:21:60.000Z",
        "0000-11-22T09:21:38.123Z",
        "２026-11-22T09:21:38.123Z",
        "2026-11-22T09:21:38.123Z\n",
    ],
)
def test_other_spellings_of_a_time_are_refused(text):
    with pytest.raises(EntryError):
        parse_time(text)


def test_a_time_needs_a_zone_and_a_year():
    with pytest.raises(EntryError):
        format_time(datetime(2026, 11, 22))  # noqa: DTZ001
    with pytest.raises(EntryError):
        format_time(datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))
