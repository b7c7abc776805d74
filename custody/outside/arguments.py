"""Reading the command lines of the programs for outsiders; wrong usage ends with 64."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from custody.outside.texts import LANGUAGES

USAGE = 64


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def language_of(arguments: Sequence[str]) -> str:
    """What ``--lang`` says, needed for the help before the arguments are read; else Chinese."""
    early = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    early.add_argument("--lang")
    try:
        language = early.parse_known_args(arguments)[0].lang
    except argparse.ArgumentError:
        language = None
    return language if language in LANGUAGES else LANGUAGES[0]
