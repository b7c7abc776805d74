"""One way to write a size, on pages, on the command line and at the station."""

import pytest

from api.sizes import size_text
from station_agent import display

SIZES = [
    (0, "0 B"),
    (999, "999 B"),
    (1023, "1023 B"),
    (1024, "1.0 KiB"),
    (17_100, "16.7 KiB"),
    (4 * 1024**2, "4.0 MiB"),
    (2_610_000_000, "2.4 GiB"),
    (5_000_000_000_000_000, "4547.5 TiB"),
]


@pytest.mark.parametrize(("amount", "text"), SIZES)
def test_a_size_is_in_binary_units_everywhere(amount: int, text: str) -> None:
    assert size_text(amount) == text
    assert display.size_text(amount) == text
