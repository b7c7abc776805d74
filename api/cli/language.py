"""Which language a command line speaks, and its help and errors in Chinese.

English stands beside each option and in each exception's docstring; the catalogue has the Chinese
of exactly these texts. Nothing heavy is imported, so that `--help` stays quick.
"""

import copy
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from api.config import find_language
from api.web.retelling import chinese

#: What click says of an option by itself.
_EXTRAS = (
    (re.compile(r"\[default: (.*?)\]"), r"[默认：\1]"),
    (re.compile(r"\[required\]"), "[必填]"),
    (re.compile(r"; required\]"), "；必填]"),
)
_UNKNOWN_COMMAND = re.compile(r"No such command '(.*?)'\.")
#: What click says of a path that is not what it should be.
_PATHS = (
    (re.compile(r"Directory ['\"](.*)['\"] does not exist\.", re.DOTALL), "没有文件夹 {}。"),
    (re.compile(r"Directory ['\"](.*)['\"] is a file\.", re.DOTALL), "{} 是文件，这里要文件夹。"),
    (re.compile(r"\w+ ['\"](.*)['\"] does not exist\.", re.DOTALL), "没有 {}。"),
    (re.compile(r"\w+ ['\"](.*)['\"] is a directory\.", re.DOTALL), "{} 是文件夹，这里要文件。"),
    (re.compile(r"\w+ ['\"](.*)['\"] is not readable\.", re.DOTALL), "{} 读不出来。"),
)
_LEFT_OVER = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)

C = TypeVar("C", bound=click.Command)


def one_line(text: str) -> str:
    """``text`` as the catalogue has it: each paragraph on a line, without indentation."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def language_of(arguments: Sequence[str]) -> str:
    """What ``--lang`` says, else the configuration of the home that is named, or of the usual."""
    home = _value_of("--home", arguments)
    return find_language(Path(home) if home else None, _value_of("--lang", arguments))


def _value_of(option: str, arguments: Sequence[str]) -> str:
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == option:
            return value if equals else "".join(arguments[position + 1 : position + 2])
    return ""


def speaking(command: C, language: str) -> C:
    """A copy of ``command`` that explains itself in ``language``; English is its own."""
    if language != "zh":
        return command
    spoken = copy.copy(command)
    spoken.context_class = _Context
    spoken.help = _translated(command.help)
    spoken.options_metavar = "[选项]"
    if isinstance(spoken, click.Group):
        spoken.subcommand_metavar = "命令 [参数]…"
    spoken.params = []
    for parameter in command.params:
        said = copy.copy(parameter)
        if isinstance(said, click.Option):
            said.help = _translated(said.help)
        spoken.params.append(said)
    return spoken


def _translated(text: str | None) -> str | None:
    return None if text is None else chinese().get(one_line(text), text)


def spoken() -> str:
    """The language of the command line that is being carried out; English where there is none."""
    context = click.get_current_context(silent=True)
    return "en" if context is None or context.obj is None else str(context.obj)


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{chinese().get(heading, heading)}：\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        super().write_dl([(name, _explained(text)) for name, text in rows], col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


def _explained(text: str) -> str:
    text = chinese().get(text, text)
    for pattern, replacement in _EXTRAS:
        text = pattern.sub(replacement, text)
    return text


def usage_error(error: click.UsageError) -> str:
    """What is wrong with a command line, in Chinese, and where its help is."""
    lines = []
    if error.ctx is not None:
        lines.append(error.ctx.get_usage())
        lines.append(f"查看说明：{error.ctx.command_path} --help\n")
    return "\n".join([*lines, f"错误：{_said(error)}"])


def _said(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}。"
        case click.MissingParameter():
            name = "" if error.param is None else error.param.get_error_hint(error.ctx)
            return f"缺少 {name or error.param_hint}。"
        case click.BadParameter():
            hint = error.param_hint
            if hint is None and error.param is not None:
                hint = error.param.get_error_hint(error.ctx)
            return f"{hint or ''} 的值不能用：{_value_said(error)}"
    if found := _UNKNOWN_COMMAND.match(error.message):
        return f"没有命令 {found[1]}。"
    if found := _LEFT_OVER.fullmatch(error.message):
        return f"多了参数：{found[1]}"
    return chinese().get(error.message, error.message)


def _value_said(error: click.BadParameter) -> str:
    kind = None if error.param is None else error.param.type
    if isinstance(kind, click.Choice):
        return f"只能是 {'、'.join(map(str, kind.choices))}。"
    if isinstance(kind, click.IntRange):
        least = "" if kind.min is None else f"不小于 {kind.min}"
        most = "" if kind.max is None else f"不大于 {kind.max}"
        return f"要一个整数，{'、'.join(filter(None, (least, most)))}。"
    if isinstance(kind, click.DateTime):
        return "要一个日期，写成 2026-11-22。"
    if isinstance(kind, click.Path):
        for pattern, chinese_text in _PATHS:
            if found := pattern.fullmatch(error.message):
                return chinese_text.format(found[1])
    return chinese().get(error.message, error.message)
