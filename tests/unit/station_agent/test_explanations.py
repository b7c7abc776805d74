"""Help, usage and errors of the station in both languages."""

import re
import time
from pathlib import Path

import pytest

from station_agent.cli import _parser
from station_agent.config import find_language
from station_agent.errors import AlreadyRunningError, ConfigError, StationError
from station_agent.explanations import _CHINESE, explain, translated, usage_error
from station_agent.messages import LANGUAGES
from station_agent.status_command import local_time

COMMANDS = ("enrol", "run", "scan", "status", "config")


def kinds_of(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(kind for one in root.__subclasses__() for kind in kinds_of(one))]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_chinese_throughout(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser("zh").parse_args([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"用法：liuhen-station {command} ")
    assert not re.search(r"[a-z]{2,} [a-z]{2,}|usage|options", said.split("\n\n", 1)[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_takes_its_options(language: str) -> None:
    parser = _parser(language)
    assert parser.parse_args(["scan", "--patience", "3", "--token", "x"]).patience == 3
    assert parser.parse_args(["status", "--json", "--config", "x"]).json is True
    assert parser.parse_args(["config", "--lang", "en"]).lang == "en"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "缺少：COMMAND"),
        (["scan", "--nonsense"], "不认识的参数：--nonsense"),
        (["scan", "--patience", "x"], "--patience 要一个数字，不是 'x'"),
        (["scan", "--lang", "fr"], "--lang 不能是 'fr'，只能是"),
        (["scan", "--config"], "--config 后面要有值"),
        (["scan", "--once=1"], "--once 后面不能有值"),
    ],
)
def test_wrong_usage_is_said_in_chinese(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser("zh").parse_args(arguments)
    assert ended.value.code == 64
    assert said in capsys.readouterr().err


def test_every_error_has_its_chinese_and_nothing_is_left_over() -> None:
    from custody.log.errors import LogError

    kinds = [kind for kind in kinds_of(StationError) if not issubclass(kind, LogError)]
    errors = {(kind.__doc__ or "").strip() for kind in kinds}
    source = Path(_parser.__code__.co_filename).read_text(encoding="utf-8")
    helps = {text for text in _CHINESE if f'"{text}"' in source}
    assert errors <= set(_CHINESE)
    assert set(_CHINESE) - errors - helps == set()


def test_an_error_keeps_its_detail() -> None:
    assert explain(ConfigError("home: x"), "zh") == "配置不能用（home: x）"
    assert explain(ConfigError("home: x"), "en") == "The configuration can't be used. (home: x)"
    assert explain(AlreadyRunningError(), "zh") == "另一个采集站程序正在使用这个文件夹。"
    assert explain(OSError("x"), "zh") == "x"
    assert usage_error("what nobody foresaw", "zh") == "what nobody foresaw"
    with pytest.raises(KeyError):
        translated("what nobody wrote", "zh")


def test_the_language_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    assert find_language(path, None, environment={}) == "zh"
    assert find_language(path, "en", environment={}) == "en"
    assert find_language(path, None, environment={"LIUHEN_STATION_LANGUAGE": "en"}) == "en"
    path.write_text('server = "http://x"\nhome = "home"\nlanguage = "en"\n')
    assert find_language(path, None, environment={}) == "en"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Asia/Shanghai", "2026-11-22 17:21:38 +08:00"),
        ("UTC", "2026-11-22 09:21:38 +00:00"),
        ("America/St_Johns", "2026-11-22 05:51:38 -03:30"),
    ],
)
def test_a_time_of_the_journal_is_local_and_has_its_day_and_zone(
    zone: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert local_time("2026-11-22T09:21:38.123Z") == expected
        assert local_time(None) == ""
        assert local_time("yesterday") == "yesterday"
    finally:
        monkeypatch.undo()
        time.tzset()
