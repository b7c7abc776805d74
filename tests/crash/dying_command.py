"""A command of `liuhen` that kills itself at one step; arguments: STEP COMMAND…"""

import sys

from tests.crash.dying_server import arm
from tests.crash.steps import SIGNER_STEPS


def main() -> None:
    name, *arguments = sys.argv[1:]
    (step,) = [step for step in SIGNER_STEPS if step.name == name]
    arm(step)
    from api.cli.main import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
