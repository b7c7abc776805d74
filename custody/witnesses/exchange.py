"""One request to a witness (C2SP tlog-witness)."""

from custody.errors import WitnessAwayError
from custody.exchange import Answer, ExchangeError, exchange
from custody.log.witness import MAX_ANSWER_BYTES

#: Seconds for a whole exchange, once the name is looked up.
TIMEOUT_S = 10.0
_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}


def post(address: str, body: bytes, *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Post ``body`` to a witness; redirects are an answer like another.

    Raises `WitnessAwayError` where no whole answer comes in time, or a longer one than any.
    """
    try:
        return exchange(address, body, _HEADERS, max_bytes=MAX_ANSWER_BYTES, limit_s=timeout_s)
    except ExchangeError as error:
        raise WitnessAwayError(str(error)) from error
