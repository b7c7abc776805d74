"""Reading the command lines of the programs for outsiders; wrong usage ends with 64."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from custody.outside.texts import LANGUAGES, say
from storage.regular_files import read_small_file

USAGE = 64

#: What argparse says of a command line, by its form.
_WRONG = (
    (r"the following arguments are required: (.*)", r"缺少：\1"),
    (r"unrecognized arguments: (.*)", r"不认识的参数：\1"),
    (r"argument (.*?): invalid choice: (.*) \(choose from (.*)\)", r"\1 不能是 \2，只能是 \3"),
    (r"argument (.*?): expected one argument", r"\1 后面要有值"),
    (r"argument (.*?): ignored explicit argument (.*)", r"\1 后面不能有值：\2"),
    (r"ambiguous option: (.*) could match (.*)", r"\1 可能是 \2，请写全"),
)


class Parser(argparse.ArgumentParser):
    """Speaks ``language``, and says in one line what is wrong.

    What a command is about goes into ``arguments``, what can be chosen into ``options``.
    """

    def __init__(self, *, language: str, **named: Any) -> None:
        super().__init__(add_help=False, formatter_class=_FORMATTERS[language], **named)
        self.language = language
        self.arguments = self.add_argument_group(say(language, "help.arguments"))
        self.options = self.add_argument_group(say(language, "help.options"))
        self.options.add_argument("-h", "--help", action="help", help=say(language, "help.help"))
        self.options.add_argument(
            "--lang", choices=LANGUAGES, default=language, help=say(language, "help.lang")
        )

    def add_commands(self) -> Callable[[str, str], "Parser"]:
        """What adds a sub-command: called with its name and what it is about."""
        commands = self.add_subparsers(
            dest="command",
            required=True,
            metavar="COMMAND",
            title=say(self.language, "help.commands"),
            parser_class=Parser,
        )

        def add(name: str, about: str) -> Parser:
            return commands.add_parser(name, language=self.language, help=about, description=about)

        return add

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {usage_error(message, self.language)}\n")


class _Chinese(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


_FORMATTERS = {"zh": _Chinese, "en": argparse.HelpFormatter}


def usage_error(message: str, language: str) -> str:
    """What is wrong with a command line; what argparse says in no known form as it is."""
    if language == "zh":
        for form, chinese in _WRONG:
            found = re.fullmatch(form, message, re.DOTALL)
            if found is not None:
                return found.expand(chinese)
    return message


def language_of(arguments: Sequence[str]) -> str:
    """What ``--lang`` says, needed for the help before the arguments are read; else Chinese."""
    early = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    early.add_argument("--lang")
    try:
        language = early.parse_known_args(arguments)[0].lang
    except argparse.ArgumentError:
        language = None
    return language if language in LANGUAGES else LANGUAGES[0]


def read_key(text: str) -> str:
    """A key as it is, or out of the file with that name."""
    return text if "+" in text else read_small_file(Path(text)).decode().strip()
