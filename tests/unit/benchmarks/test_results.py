from datetime import date

from benchmarks.harness import Curve, Row, Section
from benchmarks.results import new_results, put_section

TODAY, LATER = date(2026, 11, 28), date(2026, 11, 29)


def a_section(title: str, value: float) -> Section:
    return Section(title, f"python -m benchmarks {title}", [Row("what", value, "/s")])


def test_a_newer_section_takes_the_place_of_its_own_and_no_other() -> None:
    text = new_results(TODAY, "2 cores")
    for title in ("alpha", "beta", "gamma"):
        text = put_section(text, a_section(title, 1), TODAY)
    assert put_section(text, a_section("beta", 1), TODAY) == text
    newer = put_section(text, a_section("beta", 2), LATER)
    assert newer.splitlines()[0] == "# Benchmarks"
    parts, before = newer.split("\n## "), text.split("\n## ")
    assert [parts[0], parts[1], parts[3]] == [before[0], before[1], before[3]]
    assert parts[2] == before[2].replace("1.0 /s", "2.0 /s").replace(
        "`python -m benchmarks beta`", "`python -m benchmarks beta`, 2026-11-29"
    )


def test_a_curve_has_a_column_for_each_size() -> None:
    section = a_section("alpha", 1)
    section.curves.append(Curve("SQLite", ["1 k", "10 k"], {"numbered": ["7", "8"]}))
    assert section.markdown().endswith(
        "\n\n| SQLite | 1 k | 10 k |\n|---|---:|---:|\n| numbered | 7 | 8 |\n"
    )
