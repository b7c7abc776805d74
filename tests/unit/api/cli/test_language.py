"""Help and errors of the command line in both languages."""

import re
from pathlib import Path

import click
import pytest

import api.app
from api.auth.errors import AuthError
from api.cli.errors import explain, text_of
from api.cli.language import language_of, one_line, speaking
from api.cli.main import cli, run
from api.config import ConfigError
from api.web.retelling import chinese, retold
from custody.bundles.export import BundleError
from custody.errors import CaseExistsError, CustodyError, SignerStateError
from custody.log.errors import LogError, NoteError
from custody.outside import witness_cli
from custody.said import said
from ingest.errors import FileChangedError, IngestError
from storage.errors import StorageError

#: With these, every kind of error there is has been defined.
PROGRAMS = (witness_cli,)
ROOTS = (AuthError, ConfigError, CustodyError, IngestError, LogError, StorageError)
#: What click says by itself, and what commands say of a line they can't make sense of.
OTHERS = {"Show this message and exit.", "Options", "Commands"}
USAGE = re.compile(r"(?:UsageError|BadParameter)\(\s*\"([^\"{]*)\"")


def kinds_of(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(kind for one in root.__subclasses__() for kind in kinds_of(one))]


def helps_of(command: click.Command) -> set[str]:
    texts = {one_line(command.help or "")}
    texts |= {
        one_line(one.help) for one in command.params if isinstance(one, click.Option) and one.help
    }
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            member = command.get_command(click.Context(command), name)
            assert member is not None
            texts |= helps_of(member)
    return texts


def said_of_usage() -> set[str]:
    folder = Path(api.app.__file__).parent / "cli"
    sources = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return {text for source in sources for text in USAGE.findall(source)}


def test_every_help_and_every_error_has_its_chinese_and_nothing_is_left_over() -> None:
    errors = {one_line(kind.__doc__ or "") for root in ROOTS for kind in kinds_of(root)}
    wanted = helps_of(cli) | errors | OTHERS | said_of_usage()
    assert wanted - set(chinese()) == set()
    assert set(chinese()) - wanted == set()


def test_help_speaks_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cases", "list", "--lang", "zh", "--help"]) == 0
    said = capsys.readouterr().out
    assert "用法：liuhen cases list [选项]" in said
    assert "只看这名执法人员的。" in said
    assert "[默认：1000" in said
    assert not re.search(r"\b(Usage|Options|Show|Only|default|required)\b", said)
    assert run(["cases", "list", "--lang", "en", "--help"]) == 0
    said = capsys.readouterr().out
    assert "Usage: liuhen cases list [OPTIONS]" in said
    assert "Only this officer's." in said


def test_a_command_explains_itself_in_english_after_it_did_in_chinese() -> None:
    before = cli.help
    assert speaking(cli, "zh").help != before
    assert cli.help == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "没有命令 nothing。"),
        (["verify", "--bogus"], "没有选项 --bogus。"),
        (["cases", "link", "x"], "缺少 'CLIP'。"),
        (["cases", "show", "a", "b"], "多了参数：b"),
        (["serve", "--port", "99999"], "要一个整数，不小于 0、不大于 65535。"),
        (["clips", "list", "--state", "x"], "只能是 archived、ready、damaged、quarantined。"),
        (["verify", "--all", "--clip", "x"], "--all、--clip、--case 只能用一个。"),
        (["import", "/no such 'place'"], "没有 /no such 'place'。"),
        (["demo", "--footage", "/nope"], "没有文件夹 /nope。"),
        (["demo", "--footage", __file__], "是文件，这里要文件夹。"),
    ],
)
def test_wrong_usage_is_said_in_chinese(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIUHEN_LANGUAGE", "zh")
    assert run(arguments) == 64
    assert said in capsys.readouterr().err


def test_the_language_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIUHEN_LANGUAGE", raising=False)
    assert language_of(["verify", "--home", str(tmp_path)]) == "zh"
    (tmp_path / "liuhen.toml").write_text('language = "en"\n')
    assert language_of(["verify", f"--home={tmp_path}"]) == "en"
    assert language_of(["verify", "--lang", "zh", "--home", str(tmp_path)]) == "zh"
    monkeypatch.setenv("LIUHEN_LANGUAGE", "en")
    (tmp_path / "liuhen.toml").write_text("not TOML")
    assert language_of(["verify", "--home", str(tmp_path)]) == "en"
    assert language_of(["--home"]) == "en"


def test_an_error_is_said_in_the_language_with_its_detail() -> None:
    error = CaseExistsError("零城\x1b[2J")
    assert explain(error, "zh") == "liuhen: 这个案号已经建过案件（零城␛[2J）"
    assert explain(error, "en").startswith("liuhen: A case with this number exists already. (")
    assert text_of(CaseExistsError(), "zh") == "这个案号已经建过案件"


def test_what_an_error_said_of_itself_is_said_again() -> None:
    text = str(FileChangedError("a (1).mp4"))
    assert retold(text, "en") == text
    assert retold(text, "zh") == "读取时文件仍在变化；等它不变了再导入（a (1).mp4）"
    assert retold(str(FileChangedError()), "zh") == "读取时文件仍在变化；等它不变了再导入"
    assert retold("of somebody else (x)", "zh") == "of somebody else (x)"


def test_an_error_inside_an_error_is_said_again() -> None:
    text = str(SignerStateError(str(NoteError("x (1)"))))
    assert retold(text, "en") == text
    assert retold(text, "zh") == (
        "签名记录读不出来；请从存档恢复（不是认识的密钥签名的文本（x (1)））"
    )


def test_what_a_bag_is_refused_for_is_said_in_the_language() -> None:
    error = BundleError(said("bag_there", path="/tmp/袋"))
    assert (
        text_of(error, "zh") == "证据包无法制作，什么都没有留下（/tmp/袋 已经存在，而且不是空的）"
    )
    assert text_of(error, "en").endswith("(/tmp/袋 is there already and not empty)")


def test_what_nobody_foresaw_keeps_its_trace() -> None:
    assert explain(ZeroDivisionError("x"), "zh").endswith("没有留下做了一半的事。")
