"""Whatever is changed behind the service's back is found, and named for what it is."""

import re
from zoneinfo import ZoneInfo

import pytest

from api.web.telling import Teller
from custody.log.tiles import split_hashes
from custody.said import Said
from custody.verification import FindingCode
from tests.tamper import attacks
from tests.tamper.threats.every import CASES, TYPED
from tests.tamper.threats.table import Case
from tests.tamper.worlds import World

C = FindingCode
TELLER = Teller("zh", ZoneInfo("Asia/Shanghai"))
#: What is no sentence of ours: a library's own words, ids and names, what a row or a file holds.
NOT_OURS = re.compile(
    r"（技术信息：.*）|“.*”|[0-9a-z_./:-]*[0-9_./:+-][0-9A-Za-z_./:+=-]*", re.DOTALL
)


def assert_told_in_chinese(text: str | None) -> None:
    """No English sentence reaches a clerk: two words of it in a row are one."""
    if isinstance(text, Said) and text.code != "error":
        told = NOT_OURS.sub("", TELLER.tell(text))
        assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", told), (text, told)


@pytest.mark.parametrize(
    ("world", "case"),
    TYPED,
    indirect=["world"],
    ids=lambda value: value.id if isinstance(value, Case) else value,
)
def test_cells_of_another_type(world: World, case: Case) -> None:
    test_attack_is_found_and_named(world, case)
    assert world.verify().unchecked == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_attack_is_found_and_named(world: World, case: Case) -> None:
    entry = None if case.entry is None else attacks.index_of(world, case.entry, case.clip)
    case.attack(world)
    report = world.verify()
    found = {finding.code for finding in report.findings}
    assert case.codes <= found, report.findings
    if case.attack is not attacks.remove_the_whole_log:
        assert found == case.codes, report.findings
    if case.clip is not None:
        named = {finding.clip_id for finding in report.findings if finding.code in case.codes}
        assert world.clip_ids[case.clip] in named, report.findings
    if entry is not None:
        assert entry in {finding.entry_index for finding in report.findings}, report.findings
    for finding in report.findings:
        assert isinstance(finding.message, Said), finding
        for text in (finding.message, finding.expected, finding.found):
            assert_told_in_chinese(text)


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_what_stands_in_an_originals_place_is_named(world: World) -> None:
    link, folder = attacks.original(world, 0), attacks.original(world, 1)
    link.unlink()
    link.symlink_to(attacks.original(world, 2))
    folder.unlink()
    folder.mkdir()
    findings = world.verify().findings
    assert {finding.code for finding in findings} == {C.CLIP_OBJECT_MISSING}
    found = {finding.clip_id: finding.found for finding in findings}
    assert found[world.clip_ids[0]] == "a symbolic link"
    assert "no file" in str(found[world.clip_ids[1]])


def test_a_young_object_without_entry_is_only_counted(world: World) -> None:
    attacks.put_an_unknown_object("originals", 60)(world)
    report = world.verify()
    assert report.findings == []
    assert report.young_objects == 1


@pytest.mark.parametrize("size_bytes", [0, 32, 70])
def test_a_shortened_tile_of_an_earlier_log_says_where(world: World, size_bytes: int) -> None:
    tile = attacks.old_partial(world, "tile/0")
    attacks.overwrite(tile, tile.read_bytes()[:size_bytes])
    [finding] = world.verify().findings
    assert finding.code == C.TILE_ALTERED
    whole = size_bytes % 32 == 0
    assert finding.entry_index == (size_bytes // 32 if whole else 0)
    end = f"nothing: it ends after {size_bytes // 32}"
    assert finding.found == (end if whole else "70 bytes that are no tile")


def test_an_altered_tile_or_bundle_of_an_earlier_log_names_the_first_hash(world: World) -> None:
    tile, bundle = (attacks.old_partial(world, sort) for sort in ("tile/0", "tile/entries"))
    hashes = split_hashes(tile.read_bytes())
    entry = hashes[1].hex()
    attacks.flip(tile, 40)
    content = bundle.read_bytes()
    # The same entry in the bundle: after the first, whose length stands in two bytes.
    attacks.flip(bundle, 2 + int.from_bytes(content[:2]) + 2 + 20)
    findings = {finding.code: finding for finding in world.verify().findings}
    assert set(findings) == {C.TILE_ALTERED, C.BUNDLE_ALTERED}
    for finding in findings.values():
        assert (finding.entry_index, finding.expected) == (1, entry)
        assert finding.found is not None
        assert len(finding.found) == len(entry)
        assert finding.found != entry


def test_findings_say_what_was_expected_and_found(world: World) -> None:
    path = attacks.original(world)
    attacks.flip_a_byte(world)
    report = world.verify()
    digest = next(one for one in report.findings if one.code == C.CLIP_OBJECT_DIGEST)
    assert digest.expected == path.name
    assert digest.found is not None
    assert digest.found != digest.expected
    assert world.clip_ids[0] in digest.message
