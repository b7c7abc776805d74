"""One target under libFuzzer: `python -m tests.fuzz.one NAME [libFuzzer's own options]`."""

import sys

import atheris

# Only what is imported here is watched for new ways through it.
with atheris.instrument_imports(include=["custody.log", "station_agent.wire"]):
    from tests.fuzz.targets import BY_NAME


def main() -> None:
    """Ends the process; with a code above 0 where a check failed, and the input in a file."""
    name = sys.argv.pop(1)
    check = BY_NAME[name].check

    def run(data: bytes) -> None:
        check(data)

    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
