"""How long a client would have us wait."""

import pytest
from starlette.datastructures import Headers

from api.routes.prefer import preferred_wait_s


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ((), 0.0),
        (("wait=2",), 2.0),
        (('WAIT = "3"',), 3.0),
        (("respond-async, wait=4; hint=x",), 4.0),
        (("respond-async", "wait=1, wait=4"), 1.0),
        (("wait=999999999",), 5.0),
    ],
)
def test_the_first_wait_counts_up_to_the_most(lines: tuple[str, ...], seconds: float) -> None:
    headers = Headers(raw=[(b"prefer", line.encode()) for line in lines])
    assert preferred_wait_s(headers, 5.0) == seconds


@pytest.mark.parametrize(
    "line", ["wait", "wait=", "wait=-1", "wait=1e9", "wait=nan", "wait=1234567890", "wait=1 2", "="]
)
def test_what_is_not_understood_is_ignored(line: str) -> None:
    assert preferred_wait_s(Headers({"prefer": line}), 5.0) == 0.0
