"""One target under libFuzzer: `python -m tests.fuzz.one NAME [libFuzzer's own options]`."""

import logging
import sys

import atheris

# Only what is imported here is watched for new ways through it.
WATCHED = ["custody.log", "custody.publishing", "station_agent.wire"]
with atheris.instrument_imports(include=WATCHED):
    from tests.fuzz.targets import BY_NAME


def main() -> None:
    """Ends the process; with a code above 0 where a check failed, and the input in a file."""
    name = sys.argv.pop(1)
    check = BY_NAME[name].check
    logging.disable()  # of millions of refusals nobody wants to read

    def run(data: bytes) -> None:
        check(data)

    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
