"""The command `liuhen`. Exit codes: 0 good, 1 evidence or log does not verify, 2 it could not be
checked or done, 64 wrong usage, 130 interrupted, 141 the reader of the output went away."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from api.cli.language import language_of, speaking, usage_error
from api.cli.lazy import LazyGroup

EXIT_GOOD = 0
EXIT_DOES_NOT_VERIFY = 1
EXIT_FAILED = 2
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141

MEMBERS = {
    name: f"api.cli.commands.{name}"
    for name in (
        "init",
        "serve",
        "signer",
        "import",
        "clips",
        "cases",
        "verify",
        "log",
        "users",
        "stations",
        "demo",
    )
}
MEMBERS["import"] = "api.cli.commands.import_paths"


def _tell_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"liuhen {version('liuhen')}")
        context.exit()


cli = LazyGroup(
    "liuhen",
    members=MEMBERS,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_tell_version,
            help="Show the version and exit.",
        )
    ],
    help="Liuhen 留痕: custody of body-camera evidence.\n\n"
    "Exit codes: 0 good, 1 evidence or log does not verify, 2 it could not be checked or done, "
    "64 wrong usage.",
)


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and give its exit code; no exception escapes."""
    language = language_of(arguments)
    try:
        # Not `cli.main`: that ends the process with 1 when the reader goes away.
        command = speaking(cli, language)
        with command.make_context("liuhen", list(arguments), obj=language) as context:
            result = command.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.UsageError as error:
        if language == "zh":
            click.echo(usage_error(error), err=True)
        else:
            error.show()
        return EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # What Python would still flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except Exception as error:  # noqa: BLE001 - an uncaught error would end as 1, "does not verify"
        from api.cli.errors import explain, is_evidence_error

        click.echo(explain(error, language), err=True)
        return EXIT_DOES_NOT_VERIFY if is_evidence_error(error) else EXIT_FAILED
    return result if isinstance(result, int) else EXIT_GOOD


def main() -> NoReturn:
    """The console script."""
    # A name that the terminal's encoding can't show must not end the command.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
