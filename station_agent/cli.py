"""`liuhen-station`: enrol, run, scan, status, config.

Exit codes: 0 all is well; 1 something was refused, failed or is missing, or there is an alarm;
2 it can't be done now (the server is away, the journal's disk is full, the token is not taken);
64 wrong usage; 141 the reader of the output went away.
"""

import argparse
import logging
import logging.handlers
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from station_agent import commands, status_command
from station_agent.commands import GOOD, NOT_NOW, USAGE, WRONG
from station_agent.config import EXAMPLE, Config, config_path, find_language, load_config
from station_agent.errors import (
    ConfigError,
    EnrolmentRefusedError,
    NotEnrolledError,
    RefusedError,
    ServerAwayError,
    StationError,
)
from station_agent.explanations import explain, translated, usage_error
from station_agent.messages import LANGUAGES, say
from station_agent.reasons import printable
from station_agent.status import version

LOG_FILE = "station.log"
READER_GONE = 141

_COMMANDS: dict[str, Callable[[Config, argparse.Namespace], int]] = {
    "enrol": commands.enrol,
    "run": commands.run,
    "scan": commands.scan,
    "status": status_command.status,
}


class _Parser(argparse.ArgumentParser):
    """A parser that speaks ``language``. All options of a command are ``shared`` ones, which stand
    in one group."""

    def __init__(self, *, language: str, shared: Sequence["_Parser"] = (), **named: Any) -> None:
        super().__init__(
            add_help=False, parents=list(shared), formatter_class=_FORMATTERS[language], **named
        )
        self.language = language
        if not shared:
            self.options = self.add_argument_group(translated("options", language))

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {usage_error(message, self.language)}\n")


class _Chinese(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


_FORMATTERS = {"zh": _Chinese, "en": argparse.HelpFormatter}


def _parser(language: str) -> argparse.ArgumentParser:
    def text(english: str) -> str:
        return translated(english, language)

    def helped(parser: _Parser) -> _Parser:
        help_text = text("show this help and exit")
        parser.options.add_argument("-h", "--help", action="help", help=help_text)
        return parser

    parser = helped(
        _Parser(
            language=language,
            prog="liuhen-station",
            description=text(
                "The agent of a collection station: from the dock to the archive, with proof."
            ),
        )
    )
    parser.options.add_argument(
        "--version", action="version", version=version(), help=text("show the version and exit")
    )
    shared = helped(_Parser(language=language))
    shared.options.add_argument(
        "--config", metavar="FILE", help=text("configuration (LIUHEN_STATION_CONFIG, station.toml)")
    )
    shared.options.add_argument(
        "--lang", choices=LANGUAGES, help=text("language, over the configuration's")
    )
    progress = _Parser(language=language)
    progress.options.add_argument(
        "--progress",
        choices=("auto", "live", "plain", "json", "none"),
        default="auto",
        help=text("how to show what happens; json: one object a line"),
    )
    token = _Parser(language=language)
    token.options.add_argument(
        "--token", help=text("one-time enrolment token of the administrator (first start)")
    )
    members = parser.add_subparsers(
        dest="command",
        required=True,
        metavar="COMMAND",
        title=text("commands"),
        parser_class=_Parser,
    )

    def add(name: str, *shared: _Parser, help_text: str) -> None:
        members.add_parser(name, language=language, shared=shared, help=text(help_text))

    add("enrol", shared, token, help_text="make a key and make this station known")
    add("run", shared, token, progress, help_text="watch the folders until stopped")
    once = _Parser(language=language)
    once.options.add_argument(
        "--once", action="store_true", help=text("one pass, which scan always does")
    )
    once.options.add_argument(
        "--patience",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help=text("end when nothing has moved for so long (20)"),
    )
    add("scan", shared, token, progress, once, help_text="archive what is there now, then end")
    as_json = _Parser(language=language)
    as_json.options.add_argument("--json", action="store_true", help=text("as JSON"))
    add("status", shared, as_json, help_text="how the station is doing")
    plain = _Parser(language=language)
    plain.options.add_argument(
        "--lang", choices=LANGUAGES, help=text("language, over the configuration's")
    )
    add("config", helped(plain), help_text="print a commented configuration to start from")
    return parser


def _language_of(arguments: Sequence[str]) -> str:
    """What the line names, else its configuration; for what is said before that is read."""
    return find_language(
        config_path(_value_of("--config", arguments)), _value_of("--lang", arguments)
    )


def _value_of(option: str, arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == option:
            return value if equals else "".join(arguments[position + 1 : position + 2])
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    try:
        code = _carry_out(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python would still flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    return code


def _carry_out(arguments: Sequence[str]) -> int:
    language = _language_of(arguments)
    options = _parser(language).parse_args(arguments)
    if options.command == "config":
        sys.stdout.write(EXAMPLE)
        return GOOD
    try:
        config = load_config(
            config_path(options.config),
            language=options.lang,
            token=getattr(options, "token", None),
        )
    except ConfigError as error:
        sys.stderr.write(explain(error, language) + "\n")
        return USAGE
    try:
        if options.command != "status":
            _start_log(config)
        return _COMMANDS[options.command](config, options)
    except NotEnrolledError:
        sys.stderr.write(say(config.language, "no_token") + "\n")
        return USAGE
    except ServerAwayError as error:
        reason = str(error.args[0])
        sys.stderr.write(say(config.language, "server_unreachable", reason=reason) + "\n")
        return NOT_NOW
    except EnrolmentRefusedError as error:
        sys.stderr.write(say(config.language, "enrolment_refused", reason=error.detail) + "\n")
        return NOT_NOW
    except RefusedError as error:
        sys.stderr.write(explain(error, config.language) + "\n")
        return WRONG
    except BrokenPipeError:
        raise  # of our output: a connection's becomes `ServerAwayError`
    except (StationError, OSError) as error:
        sys.stderr.write(explain(error, config.language) + "\n")
        return NOT_NOW


class _Printable(logging.Formatter):
    """Whoever looks at the log sees text from outside as it is shown elsewhere, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(printable(line) for line in super().format(record).split("\n"))


def _start_log(config: Config) -> None:
    """The log goes to a file of its own, turned over at 1 MiB: standard output is the display's."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(
        config.home / LOG_FILE, maxBytes=1024 * 1024, backupCount=4, encoding="utf-8", delay=True
    )
    handler.setFormatter(_Printable("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    # A full disk must not fill the display with complaints of the log: the agent says it itself.
    logging.raiseExceptions = False


if __name__ == "__main__":
    sys.exit(main())
