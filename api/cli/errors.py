"""What the command line says when something can't be done: what happened, and what to do."""

import traceback

import click
from sqlalchemy.exc import SQLAlchemyError

from api.auth.errors import AuthError
from api.cli.failures import CommandError
from api.cli.output import visible
from api.config import ConfigError
from api.services import HomeMissingError
from custody.bundles import BundleDigestError, BundleEmptyError, BundleRefusedError
from custody.errors import CaseAlteredError, ClipAlteredError, CustodyError, KeyFileError
from custody.log.errors import LogError
from custody.verification.findings import VerificationImpossibleError
from ingest.errors import IngestError
from storage.errors import StorageError


def explain(error: Exception) -> str:
    """One or two lines for the person at the terminal; a whole trace for what nobody foresaw."""
    text = _known(error)
    if text is None:
        return "".join(traceback.format_exception(error)).rstrip() + (
            "\n\nliuhen: this should not have happened; nothing half-done was committed."
        )
    return f"liuhen: {visible(text)}"


def _known(error: Exception) -> str | None:
    if isinstance(error, HomeMissingError):
        return (
            f"there is no Liuhen home in {error}; make one with: liuhen init --home {error} "
            "(or name another with --home or LIUHEN_HOME)"
        )
    if isinstance(error, KeyFileError):
        return f"{error}; key files must be readable by their owner only (chmod 600)"
    if isinstance(error, BundleEmptyError):
        return f"{error}; link one first: liuhen cases link NO CLIP --stage STAGE"
    if isinstance(error, VerificationImpossibleError):
        return f"it could not be checked: {error}"
    if isinstance(
        error,
        (AuthError, CommandError, ConfigError, CustodyError, IngestError, LogError, StorageError),
    ):
        return str(error)
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, SQLAlchemyError):
        return f"the database can't be used: {str(error).splitlines()[0]}"
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return None


def is_evidence_error(error: Exception) -> bool:
    """Whether ``error`` says that evidence or log does not verify (exit code 1)."""
    altered = CaseAlteredError | ClipAlteredError
    return isinstance(error, BundleDigestError | BundleRefusedError | altered)
