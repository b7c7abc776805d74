"""Addresses on pages."""

import pytest
from fastapi import Request

from api.web.pages import address, local_path, parameters_of


def test_an_address_leaves_out_what_is_empty() -> None:
    parameters = {"officer": "JX0227", "state": "", "sort": "name"}
    assert address("/clips", parameters) == "/clips?officer=JX0227&sort=name"
    assert address("/clips", parameters, officer=None, sort=None) == "/clips"
    assert address("/clips", {}, text="a&b=〔c〕") == "/clips?text=a%26b%3D%E3%80%94c%E3%80%95"


def test_parameters_are_those_that_are_asked_for_whether_given_or_not() -> None:
    query = b"officer=JX0227&text=%E9%97%A8&from=2026-11-22&evil=1&officer=JX0228"
    request = Request({"type": "http", "query_string": query, "headers": []})
    wanted = parameters_of(request, "text", "officer", "from", "sort")
    assert wanted == {"text": "门", "officer": "JX0228", "from": "2026-11-22", "sort": ""}


@pytest.mark.parametrize("target", ["/", "/clips?officer=1#x", "/cases/1"])
def test_a_path_of_ours_is_followed(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target", ["", "//evil.example", "/\\evil.example", "https://evil.example", "clips", "/a\r\nb"]
)
def test_no_link_leads_away(target: str) -> None:
    assert local_path(target) == "/"
