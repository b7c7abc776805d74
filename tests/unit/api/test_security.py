"""Where a form may come from."""

import pytest

from api.web.security import CONTENT_SECURITY_POLICY, comes_from_here

HERE = {"host": "archive.example:8470"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://archive.example:8470"},
        {"origin": "https://archive.example:8470", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_ours_is_taken(headers: dict[str, str]) -> None:
    assert comes_from_here("POST", HERE | headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://archive.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://archive.example:8470"},
    ],
)
def test_a_form_from_elsewhere_is_not(headers: dict[str, str]) -> None:
    assert not comes_from_here("POST", HERE | headers)
    assert comes_from_here("GET", HERE | headers)


def test_the_policy_allows_nothing_inline_and_nothing_from_outside() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
