"""The table of attacks held against the tests it names, the findings there are, and its page."""

import ast
from functools import cache
from pathlib import Path

import pytest

from custody.verification import FindingCode
from tests.tamper.threat_model import PAGE, ROOT, page
from tests.tamper.threats.every import CASES, EVERY, OUTSIDE, THREATS
from tests.tamper.threats.table import Person, Threat


def place_of(threat: Threat) -> tuple[Path, str]:
    """The file and the function of its test."""
    file, _, function = threat.test.partition("::")
    return ROOT / (file if file.startswith("tests/") else f"tests/tamper/{file}"), function


@cache
def definitions_in(path: Path) -> dict[str, ast.stmt]:
    """What stands at the top of a module, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.Assign(targets=[ast.Name(id=name)])
                | ast.AnnAssign(target=ast.Name(id=name))
            ):
                found[name] = node
    return found


def text_of(path: Path, function: str) -> str:
    """The code of a test, its parameters included, and of what it uses of its own module."""
    definitions = definitions_in(path)
    assert isinstance(definitions[function], ast.FunctionDef), function
    names = {node.id for node in ast.walk(definitions[function]) if isinstance(node, ast.Name)}
    used = [function, *sorted(names & definitions.keys())]
    return "\n".join(ast.unparse(definitions[name]) for name in used)


def test_the_page_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make threat-model"


@pytest.mark.parametrize("threat", EVERY, ids=lambda threat: threat.deed[:60])
def test_the_test_of_a_row_is_there_and_knows_its_codes(threat: Threat) -> None:
    path, function = place_of(threat)
    text = text_of(path, function)
    assert threat.deed.endswith(".")
    assert "|" not in threat.deed + threat.found
    if not (threat.cases or threat.typed or threat.strike):
        for code in threat.codes:
            said = {code, code.removeprefix("HTTP_"), code.upper()}
            assert any(one in text for one in said), f"{function} says nothing of {code}"


def test_every_finding_is_what_some_attack_ends_in() -> None:
    named = {code for threat in EVERY for code in threat.codes}
    assert {code.value for code in FindingCode} <= named


def test_every_person_attacks_and_each_attack_stands_once() -> None:
    assert set(THREATS) == set(Person)
    assert min(len(threats) for threats in THREATS.values()) >= 10
    assert sum(threat.count for threat in EVERY) >= 50
    for names in (
        [threat.deed for threat in EVERY],
        [case.id for case in CASES],
        [threat.name for threat in OUTSIDE],
    ):
        assert len(names) == len(set(names))


def test_what_nothing_inside_sees_is_seen_by_somebody() -> None:
    for threat in OUTSIDE:
        assert threat.outsiders, threat.deed
