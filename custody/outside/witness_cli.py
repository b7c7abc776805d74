"""`liuhen-witness`: init, vkey, serve.

Exit codes: 0 good; 2 it can't be done now; 64 wrong usage or configuration.
"""

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from custody.errors import CustodyError
from custody.outside.arguments import USAGE, Parser, language_of, read_key
from custody.outside.endings import ending
from custody.outside.explanations import explain
from custody.outside.texts import say
from custody.outside.witness_config import (
    DEFAULT_LISTEN,
    WitnessConfigError,
    load_cosigners,
    load_witness,
    make_witness,
)
from custody.outside.witness_server import Witness, WitnessServer
from custody.outside.witness_state import open_state

GOOD, NOT_NOW = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    return ending(lambda: _run(given))


def _run(given: list[str]) -> int:
    options = _parser(language_of(given)).parse_args(given)
    language = options.lang
    try:
        if options.command == "init":
            logs = [read_key(one) for one in options.logs]
            make_witness(options.folder, options.name, logs, options.listen)
        if options.command in {"init", "vkey"}:
            for cosigner in load_cosigners(load_witness(options.folder)):
                print(cosigner.verifier.vkey)
            return GOOD
        return _serve(options.folder)
    except WitnessConfigError as error:
        sys.stderr.write(f"{explain(error, language)}\n")
        return USAGE
    except BrokenPipeError:
        raise
    except (CustodyError, OSError) as error:
        sys.stderr.write(f"{explain(error, language)}\n")
        return NOT_NOW


def _serve(folder: Path) -> int:
    config = load_witness(folder)
    cosigners = load_cosigners(config)
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(message)s")
    with open_state(config.state) as state:
        witness = Witness(cosigners, config.logs, state)
        with WitnessServer(witness, config.host, config.port) as server:
            host, port = server.server_address[:2]
            sys.stderr.write(f"http://{host!s}:{port}/\n")
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
            server.serve_forever()
    return GOOD


def _parser(language: str) -> Parser:
    parser = Parser(
        language=language, prog="liuhen-witness", description=say(language, "witness.about")
    )
    add_command = parser.add_commands()

    def text(key: str) -> str:
        return say(language, f"help.witness.{key}")

    def add(name: str) -> Parser:
        command = add_command(name, text(name))
        command.arguments.add_argument("folder", type=Path, metavar="DIR", help=text("folder"))
        return command

    init = add("init").options
    init.add_argument("--name", required=True, help=text("name"))
    init.add_argument(
        "--log",
        dest="logs",
        action="append",
        required=True,
        metavar="VKEY",
        help=say(language, "help.log"),
    )
    init.add_argument("--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help=text("listen"))
    add("vkey")
    add("serve")
    return parser


if __name__ == "__main__":
    sys.exit(main())
