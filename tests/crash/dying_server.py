"""`liuhen serve` that kills itself at one step; arguments: STEP HOME PORT."""

import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from tests.crash.steps import STEPS, Step

#: Offsets become durable more often here, so that a small file crosses several of them.
DURABLE_EVERY_BYTES = 1024 * 1024


def arm(step: Step) -> None:
    """Wrap the step's function so that the process dies there."""
    module = importlib.import_module(step.module)
    *path, name = step.attribute.split(".")
    owner: Any = module
    for part in path:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, name)
    calls = itertools.count(1)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if step.when == "before" and next(calls) == step.nth:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)  # a call that raises was none
        if step.when == "after" and next(calls) == step.nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def main() -> None:
    name, home, port = sys.argv[1:]
    # Every module that imports one of the functions by name must be loaded before it is wrapped.
    importlib.import_module("api.app")
    reception = importlib.import_module("ingest.reception")
    reception.DURABLE_EVERY_BYTES = DURABLE_EVERY_BYTES  # type: ignore[attr-defined]
    for step in STEPS:
        if step.name == name:
            arm(step)
            break
    else:
        sys.exit(f"no such step: {name}")
    from api.cli.main import run

    sys.exit(run(["serve", "--home", home, "--port", port]))


if __name__ == "__main__":
    main()
