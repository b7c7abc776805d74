"""The file, the environment over it, and what is refused."""

from pathlib import Path

import pytest

from station_agent.config import EXAMPLE, Config, config_path, load_config
from station_agent.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


MINIMAL = 'server = "http://archive:8470/"\nhome = "home"\n'


def test_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + 'watch = ["dock", "/media/../mnt"]\n')
    config = load_config(path, environment={})
    assert config.home == tmp_path / "home"
    assert config.watch == (tmp_path / "dock", Path("/mnt"))
    assert config.server == "http://archive:8470"
    assert config.name  # the machine's


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    environment = {
        "LIUHEN_STATION_SETTLE_S": "1.5",
        "LIUHEN_STATION_TOKEN_FILE": str(secret),
        "LIUHEN_STATION_WATCH": "/a:/b",
        "LIUHEN_STATION_CONCURRENCY": "4",
    }
    config = load_config(write(tmp_path, MINIMAL), environment=environment, language="en")
    assert (config.settle_s, config.concurrency) == (1.5, 4)
    assert config.token == "from-a-file"
    assert config.watch == (Path("/a"), Path("/b"))
    assert config.language == "en"


def test_the_example_is_valid_and_shows_the_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, EXAMPLE), environment={})
    assert config.watch == (tmp_path / "dock",)
    shown = "\n".join(
        line.removeprefix("# ")
        for line in EXAMPLE.splitlines()
        if " = " in line and not line.startswith("# name")
    )
    defaults = load_config(write(tmp_path, shown), environment={})
    assert defaults == Config(
        server=defaults.server, home=defaults.home, watch=defaults.watch, name=defaults.name
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not toml", "station.toml"),
        ('home = "home"', "server"),
        (MINIMAL + "colour = 1", "colour"),
        (MINIMAL + 'settle_s = "soon"', "settle_s"),
        (MINIMAL + "settle_s = -1", "settle_s"),
        (MINIMAL + "concurrency = 0", "concurrency"),
        (MINIMAL + 'language = "fr"', "language"),
        (MINIMAL + 'log_level = "loud"', "log_level"),
        (MINIMAL + 'watch = "dock"', "watch"),
        (MINIMAL + 'watch = ["dock", "dock/inner"]', "watch"),
        (MINIMAL + 'watch = ["dock", "dock"]', "watch"),
        (MINIMAL + "name = 5", "name"),
        ('server = "ftp://x"\nhome = "h"', "server"),
    ],
)
def test_what_can_not_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(write(tmp_path, text), environment={})


def test_which_file() -> None:
    assert config_path("given", {"LIUHEN_STATION_CONFIG": "other"}) == Path("given")
    assert config_path(None, {"LIUHEN_STATION_CONFIG": "other"}) == Path("other")
    assert config_path(None, {}) == Path("station.toml")


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    ("home", "watch"),
    [
        ("dock", "dock"),
        ("dock/home", "dock"),
        ("dock/a/home", "dock"),
        ("home", "home/dock"),
        ("link/home", "dock"),
        ("link", "dock"),
        ("dock/home", "link"),
        ("house", "link/../house/dock"),
    ],
)
def test_a_home_in_or_around_a_watched_folder_is_refused(
    tmp_path: Path, home: str, watch: str, there: bool
) -> None:
    (tmp_path / "link").symlink_to("dock")
    if there:
        for name in ("dock", home, watch):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
    text = f'server = "http://a"\nhome = "{home}"\nwatch = ["{watch}"]'
    with pytest.raises(ConfigError, match="must not be archived"):
        load_config(write(tmp_path, text), environment={})


def test_a_home_beside_the_watched_folders_is_taken(tmp_path: Path) -> None:
    (tmp_path / "dock").mkdir()
    (tmp_path / "dock2").mkdir()
    text = 'server = "http://a"\nhome = "dock2"\nwatch = ["dock", "away"]'
    assert load_config(write(tmp_path, text), environment={}).home == tmp_path / "dock2"
