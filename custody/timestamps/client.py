"""One request to a time-stamping authority over HTTP: bounded in bytes and in time."""

from http import HTTPStatus

from custody.errors import CustodyError
from custody.exchange import ExchangeError, ExchangeSlowError, ExchangeTooLongError, exchange
from custody.timestamps.authorities import Authority
from custody.timestamps.tokens import MAX_ANSWER_BYTES

#: For the whole exchange, once the name is looked up; an authority answers in a second or two.
ASK_LIMIT_S = 15.0
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
}


class AuthorityError(CustodyError):
    """The time-stamping authority gave no answer that could be read."""


class AuthorityAwayError(AuthorityError):
    """The time-stamping authority can't be reached."""


class AuthoritySlowError(AuthorityError):
    """The time-stamping authority did not answer in time."""


class AuthorityStatusError(AuthorityError):
    """The time-stamping authority answered with an error of HTTP, or from another place."""


class AuthorityTooLongError(AuthorityError):
    """The time-stamping authority's answer is longer than any token."""


def ask(authority: Authority, request: bytes, *, limit_s: float = ASK_LIMIT_S) -> bytes:
    """POST an RFC 3161 request; the answer's body, believed by nobody yet.

    Redirects are not followed. Raises an `AuthorityError`.
    """
    try:
        answer = exchange(
            authority.url, request, _HEADERS, max_bytes=MAX_ANSWER_BYTES, limit_s=limit_s
        )
    except ExchangeSlowError as error:
        raise AuthoritySlowError from error
    except ExchangeTooLongError as error:
        raise AuthorityTooLongError from error
    except ExchangeError as error:
        raise AuthorityAwayError(str(error)) from error
    if answer.status != HTTPStatus.OK:
        raise AuthorityStatusError(str(answer.status))
    return answer.body
