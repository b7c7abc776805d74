"""What can be set, and what is refused."""

from pathlib import Path

import pytest

from api.config import ConfigError, load_config


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "liuhen.toml").write_text("media_ceiling_minutes = 90\n")
    assert load_config(tmp_path, environment={}).media_ceiling_minutes == 90
    environment = {"LIUHEN_MEDIA_CEILING_MINUTES": "45"}
    assert load_config(tmp_path, environment=environment).media_ceiling_minutes == 45


@pytest.mark.parametrize("name", ["lock_days", "media_ceiling_minutes", "viewing_minutes"])
def test_no_span_of_time_is_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: expected at least 1, found 0"):
        load_config(tmp_path, environment={f"LIUHEN_{name.upper()}": "0"})
