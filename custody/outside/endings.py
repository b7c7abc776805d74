"""How the programs for outsiders end when somebody interrupts them, or reads no further."""

import os
import sys
from collections.abc import Callable

#: As a shell has it for a program that SIGINT, or SIGPIPE, ended. Neither says that something does
#: not hold.
INTERRUPTED, UNREAD = 130, 141


def ending(command: Callable[[], int]) -> int:
    """The exit code of ``command``."""
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    except BrokenPipeError:
        # What Python would still flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return code
