"""What the command line says when something can't be done: what happened, and what to do."""

import traceback
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from api.auth.errors import AuthError
from api.cli.failures import CommandError
from api.cli.language import one_line
from api.cli.output import visible
from api.cli.words import say
from api.config import ConfigError
from api.services import HomeMissingError, HomeUnwritableError
from api.web.retelling import chinese, retold
from api.web.telling import Teller
from custody.bundles.export import BundleDigestError, BundleEmptyError, BundleRefusedError
from custody.errors import (
    CaseAlteredError,
    ClipAlteredError,
    CustodyError,
    KeyFileError,
    KeyMissingError,
)
from custody.log.errors import LogError
from custody.outside.errors import ShrunkLogError, SplitViewError, TamperedLogError
from custody.said import Said
from custody.verification.findings import VerificationImpossibleError
from ingest.errors import IngestError
from storage.errors import StorageError
from storage.full_disks import is_disk_full

#: The details of errors hold no times.
UTC = ZoneInfo("UTC")


def explain(error: Exception, language: str) -> str:
    """One or two lines for the person at the terminal; a whole trace for what nobody foresaw."""
    text = _known(error, language)
    if text is None:
        return "".join(traceback.format_exception(error)).rstrip() + (
            f"\n\nliuhen: {say(language, 'failure.unforeseen')}"
        )
    return f"liuhen: {visible(text)}"


def text_of(error: Exception, language: str) -> str:
    """What ``error`` says: its docstring in the language, and its detail as it is."""
    meaning = chinese().get(one_line(type(error).__doc__ or ""))
    if language != "zh" or meaning is None:
        return str(error)
    detail = _detail_of(error, language)
    return f"{meaning.rstrip('。')}（{detail}）" if detail else meaning.rstrip("。")


def _detail_of(error: Exception, language: str) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(cause, Said):
        return Teller(language, UTC).tell(cause)
    return retold(Exception.__str__(error), language)


def _known(error: Exception, language: str) -> str | None:
    told = text_of(error, language)
    match error:
        case CommandError():
            return error.said(language)
        case HomeMissingError():
            return say(language, "failure.no_home", error=error)
        case HomeUnwritableError():
            return say(language, "failure.unwritable", error=error)
        case KeyMissingError():
            return say(language, "failure.key_missing", error=told)
        case KeyFileError():
            return say(language, "failure.key_file", error=told)
        case BundleEmptyError():
            return say(language, "failure.empty", error=told)
        case VerificationImpossibleError():
            return say(language, "failure.impossible", error=told)
        case AuthError() | ConfigError() | CustodyError() | IngestError() | LogError():
            return told
        case StorageError():
            return told
        case click.ClickException():
            return error.format_message()
        case SQLAlchemyError() if is_disk_full(error):
            return say(language, "failure.disk_full", error=str(error).splitlines()[0])
        case SQLAlchemyError():
            return say(language, "failure.database", error=str(error).splitlines()[0])
        case OSError():
            return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        case _:
            return None


def is_evidence_error(error: Exception) -> bool:
    """Whether ``error`` says that evidence or log does not verify (exit code 1)."""
    altered = (
        CaseAlteredError | ClipAlteredError | ShrunkLogError | SplitViewError | TamperedLogError
    )
    return isinstance(error, BundleDigestError | BundleRefusedError | altered)
