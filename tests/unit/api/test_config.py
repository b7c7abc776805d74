"""What can be set, and what is refused."""

from dataclasses import fields
from pathlib import Path

import pytest

from api.config import Config, ConfigError, load_config, load_config_without_rows
from api.config_bounds import BOUNDS


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "liuhen.toml").write_text("media_ceiling_minutes = 90\n")
    assert load_config(tmp_path, environment={}).media_ceiling_minutes == 90
    environment = {"LIUHEN_MEDIA_CEILING_MINUTES": "45"}
    assert load_config(tmp_path, environment=environment).media_ceiling_minutes == 45


@pytest.mark.parametrize("name", ["lock_days", "media_ceiling_minutes", "viewing_minutes"])
def test_no_span_of_time_is_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: expected at least 1, found 0"):
        load_config(tmp_path, environment={f"LIUHEN_{name.upper()}": "0"})


REFUSED = {
    "publish_interval_s": ["inf", "nan", "0", "-5", "31", "often"],
    "session_hours": ["0", "-1", "99999999999", "9" * 5000],
    "viewing_minutes": ["-1", "99999999999999"],
    "session_idle_minutes": ["-5", "0", "999999999999999"],
    "media_workers": ["3000", "-3", "1.5", "inf"],
    "media_ceiling_minutes": ["9" * 30],
    "lock_days": ["99999999999"],
    "max_upload_bytes": ["-1", "0"],
    "port": ["-1", "65536", "x"],
    "host": ["", " ", "a b", "a\nb"],
    "trusted_proxies": ["nonsense, ,/33", "10.0.0.1,", "10.0.0.1/24", "10.0.0.300"],
    "database_url": ["nonsense", "mysql://x", "sqlite://", "sqlite:///", "sqlite:///:memory:"],
    "signer": ["nonsense", "unix:", "unix:here", "unix:/", "ftp://x", "http://", "http://x:0",
               "http://x:99999", "http://x/path", "http://[x"],
    "signer_secret": ["short", "with a space in all of it", "ü" * 20],
}  # fmt: skip
TAKEN = {
    "publish_interval_s": ["0.05", "30.0"],
    "session_idle_minutes": ["1"],
    "media_workers": ["0", "64"],
    "port": ["0", "65535"],
    "host": ["0.0.0.0", "::1", "archive.example"],
    "trusted_proxies": ["", "127.0.0.1", "10.0.0.0/24, 2001:db8::1", "*"],
    "database_url": ["", "postgresql://u:p@db/liuhen", "sqlite:////srv/liuhen.db", "sqlite:///x"],
    "signer": ["", "unix:/run/liuhen/signer.sock"],
    "signer_secret": ["", "x" * 20],
}
IN_THE_FILE = ["port = true", "port = 84.7", "port = [1]", "port = inf", "publish_interval_s = inf",
               "publish_interval_s = true", "bureau = 5", "bureau = [1]", "origin = 2020-01-01",
               "secure_cookies = 7", "[port]\na = 1"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in REFUSED for value in REFUSED[name]]
)
def test_what_would_fail_later_is_refused_by_its_name(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: .*(expected|needs)") as caught:
        load_config(tmp_path, environment={f"LIUHEN_{name.upper()}": value})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in TAKEN for value in TAKEN[name]]
)
def test_what_can_be_used_is_taken(tmp_path: Path, name: str, value: str) -> None:
    config = load_config(tmp_path, environment={f"LIUHEN_{name.upper()}": value})
    assert str(getattr(config, name)) == value


@pytest.mark.parametrize("line", IN_THE_FILE)
def test_another_type_than_the_settings_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "liuhen.toml").write_text(line)
    with pytest.raises(ConfigError, match=r"^[a-z_]+: expected"):
        load_config(tmp_path, environment={})


def test_a_file_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    (tmp_path / "liuhen.toml").write_text("a = " + "[" * 50_000)
    with pytest.raises(ConfigError, match=r"liuhen\.toml: "):
        load_config(tmp_path, environment={})


def test_no_password_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environment={"LIUHEN_DATABASE_URL": "mysql://root:secret@db/x"})
    assert "secret" not in str(caught.value)


def test_a_signer_on_a_port_wants_its_secret(tmp_path: Path) -> None:
    for address in ("http://signer:8490", "https://signer.example/"):
        with pytest.raises(ConfigError, match="signer_secret"):
            load_config(tmp_path, environment={"LIUHEN_SIGNER": address})
        environment = {"LIUHEN_SIGNER": address, "LIUHEN_SIGNER_SECRET": "x" * 20}
        assert load_config(tmp_path, environment=environment).signer == address


def test_no_secret_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environment={"LIUHEN_SIGNER_SECRET": "hush"})
    assert "hush" not in str(caught.value)


def test_who_opens_no_database_reads_no_address_of_one(tmp_path: Path) -> None:
    (tmp_path / "liuhen.toml").write_text('database_url = "nonsense"\norigin = "a.example/log"\n')
    environment = {"LIUHEN_DATABASE_URL": "mysql://x", "LIUHEN_DATABASE_URL_FILE": "/nowhere"}
    config = load_config_without_rows(tmp_path, environment=environment)
    assert (config.database_url, config.origin) == ("", "a.example/log")


def test_every_number_has_bounds() -> None:
    numbers = {field.name for field in fields(Config) if field.type in {int, float}}
    assert set(BOUNDS) == numbers
