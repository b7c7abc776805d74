"""What the address of a list asks for, field by field; what can't be read is named, never dropped.

A list with such a field lists nothing and answers 422: the rows of another question would pass for
the answer to this one. Pure.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo

from api.web.days import read_day, read_end_of_day

#: The only value of a field that is ticked or not.
TICKED = "1"


class Filters:
    """The fields of one address. Empty ones ask nothing.

    ``unreadable`` gains, by the name of its field, what each that could not be read should have
    been, ``day`` or ``choice``, for the text ``filter.unreadable.<that>``; or ``swapped``, where a
    last day is before the first.
    """

    def __init__(self, parameters: Mapping[str, str], zone: tzinfo) -> None:
        self._parameters = parameters
        self._zone = zone
        self.unreadable: dict[str, str] = {}

    @property
    def status(self) -> int:
        """What the list answers with."""
        return 422 if self.unreadable else 200

    def text(self, name: str) -> str | None:
        """Whatever is looked for; every text can be."""
        return self._parameters[name].strip() or None

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of ``choices``."""
        value = self._parameters[name]
        if value and value not in choices:
            self.refuse(name, "choice")
            return None
        return value or None

    def tick(self, name: str) -> bool:
        """Whether the box is ticked."""
        return self.choice(name, (TICKED,)) is not None

    def day(self, name: str) -> datetime | None:
        """The beginning of a day of the bureau."""
        return self._read(name, read_day(self._parameters[name].strip(), self._zone))

    def end_of_day(self, name: str) -> datetime | None:
        """The beginning of the day after it."""
        return self._read(name, read_end_of_day(self._parameters[name].strip(), self._zone))

    def days(self, first: str, last: str) -> tuple[datetime | None, datetime | None]:
        """From the beginning of one day to the end of another; the last is not before the first."""
        begin, end = self.day(first), self.end_of_day(last)
        if begin is not None and end is not None and end <= begin:
            self.refuse(last, "swapped")
        return begin, end

    def refuse(self, name: str, expected: str) -> None:
        """Note that ``name`` holds nothing of the sort ``expected``."""
        self.unreadable[name] = expected

    def _read(self, name: str, moment: datetime | None) -> datetime | None:
        if moment is None and self._parameters[name].strip():
            self.refuse(name, "day")
        return moment
