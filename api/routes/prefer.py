"""``Prefer: wait=N``: how long a client would have us wait (RFC 7240, section 4.3)."""

import re

from starlette.datastructures import Headers

_WAIT = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?', re.IGNORECASE)


def preferred_wait_s(headers: Headers, most_s: float) -> float:
    """Seconds, no more than ``most_s``; 0 where none are asked for.

    What is not understood is no error: a preference may be ignored (section 2). Of two the first
    counts.
    """
    for line in headers.getlist("prefer"):
        for preference in line.split(","):
            if found := _WAIT.fullmatch(preference.strip()):
                return min(float(found[1]), most_s)
    return 0.0
