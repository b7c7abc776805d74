"""`liuhen-station`: enrol, run, scan, status, config.

Exit codes: 0 all is well; 1 something was refused, failed or is missing, or there is an alarm;
2 it can't be done now (the server is away, the journal's disk is full); 64 wrong usage.
"""

import argparse
import logging
import logging.handlers
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from station_agent import commands
from station_agent.commands import GOOD, NOT_NOW, USAGE, WRONG
from station_agent.config import EXAMPLE, Config, config_path, load_config
from station_agent.errors import (
    ConfigError,
    NotEnrolledError,
    RefusedError,
    ServerAwayError,
    StationError,
)
from station_agent.messages import LANGUAGES, say
from station_agent.status import version

LOG_FILE = "station.log"

_COMMANDS: dict[str, Callable[[Config, argparse.Namespace], int]] = {
    "enrol": commands.enrol,
    "run": commands.run,
    "scan": commands.scan,
    "status": commands.status,
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="liuhen-station",
        description="The agent of a collection station: from the dock to the archive, with proof.",
    )
    parser.add_argument("--version", action="version", version=version())
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--config", metavar="FILE", help="configuration (LIUHEN_STATION_CONFIG, station.toml)"
    )
    shared.add_argument("--lang", choices=LANGUAGES, help="language, over the configuration's")
    progress = _Parser(add_help=False)
    progress.add_argument(
        "--progress",
        choices=("auto", "live", "plain", "json", "none"),
        default="auto",
        help="how to show what happens; json: one object a line",
    )
    token = _Parser(add_help=False)
    token.add_argument("--token", help="one-time token of the administrator (first start)")
    add = parser.add_subparsers(dest="command", required=True, metavar="COMMAND").add_parser
    add("enrol", parents=[shared, token], help="make a key and make this station known")
    add("run", parents=[shared, token, progress], help="watch the folders until stopped")
    scan = add(
        "scan", parents=[shared, token, progress], help="archive what is there now, then end"
    )
    scan.add_argument("--once", action="store_true", help="one pass, which scan always does")
    scan.add_argument(
        "--patience",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="end when nothing has moved for so long (20)",
    )
    status = add("status", parents=[shared], help="how the station is doing")
    status.add_argument("--json", action="store_true", help="as JSON")
    add("config", help="print a commented configuration to start from")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
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
        sys.stderr.write(f"{error}\n")
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
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    except (StationError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_NOW


def _start_log(config: Config) -> None:
    """The log goes to a file of its own, turned over at 1 MiB: standard output is the display's."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(
        config.home / LOG_FILE, maxBytes=1024 * 1024, backupCount=4, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    # A full disk must not fill the display with complaints of the log: the agent says it itself.
    logging.raiseExceptions = False


if __name__ == "__main__":
    sys.exit(main())
