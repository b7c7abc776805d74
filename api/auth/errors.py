"""What can go wrong with accounts and sign-in; the docstring is the message."""


class AuthError(Exception):
    """The account or the sign-in can't be used like this."""

    def __str__(self) -> str:
        message = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


class NotSignedInError(AuthError):
    """Nobody is signed in, or the session has ended."""


class PasswordChangeNeededError(AuthError):
    """The one-time password must be replaced first."""


class SignInFailedError(AuthError):
    """Name or password is wrong."""


class AccountAlteredError(AuthError):
    """This account was altered in the database, so nobody signs in with it; tell the office."""


class OldPasswordError(AuthError):
    """The password to be replaced is wrong."""


class TooManyFailuresError(AuthError):
    """There were too many failed sign-ins; wait before the next one."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"{wait_s} s")
        self.wait_s = wait_s


class TooBusyError(AuthError):
    """Too many people are signing in at this moment; try again."""


class WeakPasswordError(AuthError):
    """The new password is too short, too long or the same as the old one."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        #: ``short``, ``long``, ``same`` as the old one, or ``different`` from its repetition.
        self.why = why


class ForgedRequestError(AuthError):
    """The form did not come from a page of this session."""


class UserNotFoundError(AuthError):
    """There is no such user."""


class UserExistsError(AuthError):
    """A user with this name exists already."""


class UserAlikeError(UserExistsError):
    """A user with this name in other upper and lower case exists already; choose another."""


class UserNameError(AuthError):
    """A user name has 2 to 64 letters, digits, dots, hyphens or underscores."""


class UserLettersError(UserNameError):
    """This user name has a letter that looks like another one; use plain letters or Chinese."""


class OwnAccountError(AuthError):
    """Nobody disables their own account or reissues their own password."""
