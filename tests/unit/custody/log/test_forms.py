from datetime import UTC, datetime

import pytest

from custody.log import forms
from custody.log.errors import EntryError


def test_what_has_its_form_comes_through():
    assert forms.fields_of({"a": 1}, frozenset({"a"})) == {"a": 1}
    assert forms.list_of([1, 2], 2) == [1, 2]
    assert forms.text_of("ab", 2) == "ab"
    assert forms.count_of(0) == 0
    assert forms.digest_of("0f" * 32) == "0f" * 32
    assert forms.id_of("0193533c-ABC_1") == "0193533c-ABC_1"
    assert forms.time_of("2026-11-22T09:21:38.123Z") == datetime(
        2026, 11, 22, 9, 21, 38, 123000, tzinfo=UTC
    )
    assert forms.bytes_of("AAEC", 3) == b"\x00\x01\x02"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (lambda value: forms.fields_of(value, frozenset({"a"})), {}),
        (lambda value: forms.fields_of(value, frozenset({"a"})), {"a": 1, "b": 2}),
        (lambda value: forms.fields_of(value, frozenset({"a"})), ["a"]),
        (lambda value: forms.list_of(value, 2), [1, 2, 3]),
        (lambda value: forms.list_of(value, 2), "ab"),
        (lambda value: forms.text_of(value, 2), ""),
        (lambda value: forms.text_of(value, 2), "abc"),
        (lambda value: forms.text_of(value, 2), None),
        (forms.count_of, -1),
        (forms.count_of, True),
        (forms.count_of, "1"),
        (forms.digest_of, "0F" * 32),
        (forms.digest_of, "0f" * 31),
        (forms.digest_of, "0f" * 32 + "\n"),
        (forms.digest_of, None),
        (forms.id_of, ""),
        (forms.id_of, "a" * 65),
        (forms.id_of, "../a"),
        (forms.id_of, 5),
        (forms.time_of, "2026-11-22"),
        (forms.time_of, 5),
        (lambda value: forms.bytes_of(value, 2), "AAEC"),
        (lambda value: forms.bytes_of(value, 9), "AAE"),
        (lambda value: forms.bytes_of(value, 9), None),
    ],
)
def test_what_has_not_is_refused(form, value):
    with pytest.raises(EntryError):
        form(value)
