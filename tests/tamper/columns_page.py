"""Writes the table of columns into docs/formats/findings.md: part of `make threat-model`."""

from pathlib import Path

from tests.tamper.columns import EVERY, Held

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "findings.md"
BEGIN, END = "<!-- columns: made by `make threat-model` -->\n", "<!-- /columns -->\n"


def page(text: str) -> str:
    """``text`` of the page with the table as it is now in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{_table()}{END}{after}"


def _table() -> str:
    head = ["| table | columns | held against | found as |", "|---|---|---|---|"]
    return "\n".join(head + [line for one in EVERY for line in _lines(one)]) + "\n"


def _lines(one: Held) -> list[str]:
    return [
        f"| `{one.table}` | {', '.join(group.names)} | {group.how} | "
        f"{f'`{group.code}`' if group.code else 'nothing rests on it'} |"
        for group in one.groups
    ]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
