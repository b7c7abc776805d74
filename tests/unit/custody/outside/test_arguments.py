"""Help and wrong usage of the programs for outsiders, in both languages."""

import re
from collections.abc import Callable, Sequence

import pytest

from custody.outside import cli, witness_cli
from custody.outside.arguments import usage_error

Main = Callable[[Sequence[str] | None], int]

COMMANDS: list[tuple[str, Main, str]] = [
    *(("liuhen-verify", cli.main, name) for name in ("", "mirror", "proof", "receipt", "pair")),
    *(("liuhen-witness", witness_cli.main, name) for name in ("", "init", "vkey", "serve")),
]


@pytest.mark.parametrize(("program", "main", "command"), COMMANDS)
def test_help_is_of_one_language_throughout(
    program: str, main: Main, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [command] if command else []
    with pytest.raises(SystemExit) as ended:
        main([*given, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"用法：{' '.join([program, *given])} ")
    for name in ("liuhen log prove", "liuhen log vkey"):  # commands to type are of no language
        said = said.replace(name, "")
    assert not re.search(r"[a-z]{2,} [a-z]{2,}|usage|options", said.split("\n\n", 1)[1])
    assert "选项:" in said
    with pytest.raises(SystemExit):
        main([*given, "--lang", "en", "--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: ")
    assert not re.search("[一-鿿]", said)


@pytest.mark.parametrize(
    ("main", "arguments", "said"),
    [
        (cli.main, [], "缺少：COMMAND"),
        (cli.main, ["proof", "x"], "缺少：--log, --entry"),
        (cli.main, ["receipt", "x", "--log", "y"], "缺少：--receipts"),
        (cli.main, ["pair", "x", "--log", "y"], "缺少：CHECKPOINT"),
        (cli.main, ["nothing"], "COMMAND 不能是 'nothing'，只能是"),
        (cli.main, ["mirror", "x", "--log"], "--log 后面要有值"),
        (cli.main, ["mirror", "x", "--log", "y", "--nonsense"], "不认识的参数：--nonsense"),
        (cli.main, ["mirror", "x", "--log", "y", "--json=1"], "--json 后面不能有值"),
        (cli.main, ["receipt", "x", "--log", "y", "--rec", "z"], "--rec 可能是 "),
        (witness_cli.main, [], "缺少：COMMAND"),
        (witness_cli.main, ["init", "x"], "缺少：--name, --log"),
        (witness_cli.main, ["vkey", "x", "--lang", "fr"], "--lang 不能是 'fr'，只能是"),
    ],
)
def test_wrong_usage_is_said_in_chinese(
    main: Main, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 64
    assert said in capsys.readouterr().err


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    assert usage_error("what nobody foresaw", "zh") == "what nobody foresaw"
    assert usage_error("unrecognized arguments: x", "en") == "unrecognized arguments: x"


def test_a_key_that_is_none_is_said_in_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["mirror", "x", "--log", "a+b+c"]) == 64
    assert capsys.readouterr().err.startswith("a+b+c: 不是认识的密钥签名的文本")
    assert cli.main(["mirror", "x", "--log", "a+b+c", "--lang", "en"]) == 64
    assert capsys.readouterr().err.startswith("a+b+c: This is not a note")
