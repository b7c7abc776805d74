"""JSON from anybody: an object, or one kind of error."""

import pytest

from custody.log.plain_json import read_json_object


@pytest.mark.parametrize("data", ['{"a": [1, "二"]}', '{"a": [1, "二"]}'.encode()])
def test_an_object_is_read(data: bytes | str) -> None:
    assert read_json_object(data) == {"a": [1, "二"]}


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "7",
        '{"size": Infinity}',
        '{"size": -Infinity}',
        '{"size": NaN}',
        "[" * 100_000,
        '{"a":' * 100_000,
        b"\xff",
        '{"size": ' + "9" * 5000 + "}",
    ],
    ids=lambda data: str(data[:12]),
)
def test_anything_else_is_a_value_error(data: bytes | str) -> None:
    with pytest.raises(ValueError):
        read_json_object(data)
