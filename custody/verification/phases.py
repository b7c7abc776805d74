"""One phase of a run failing must not hide what the others found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from custody.said import said
from custody.verification.context import ProgressCallback
from custody.verification.findings import Unchecked, VerificationImpossibleError
from custody.verification.reports import Progress, Report
from custody.verification.rows import let_go

_logger = logging.getLogger(__name__)


class Phases:
    """The phases of one run: what nobody foresaw in one of them is noted, and the run goes on."""

    def __init__(self, report: Report, progress: ProgressCallback | None) -> None:
        self._report = report
        self._progress = progress
        self._given_up: BaseException | None = None

    def tell(self, progress: Progress) -> None:
        """Pass progress on; what the caller raises there ends the run."""
        if self._progress is None:
            return
        try:
            self._progress(progress)
        except BaseException as error:
            self._given_up = error
            raise

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Run one phase; its failure becomes `Report.unchecked`, so the run can't pass as good.

        Raises `VerificationImpossibleError` while nothing was found that could be lost by it.
        """
        try:
            yield
        except VerificationImpossibleError as error:
            if not self._report.findings:
                raise
            let_go(error)
            self._report.unchecked.append(Unchecked(name, said("unreadable", error=error)))
        except SQLAlchemyError as error:
            # A table or column that is gone, a damaged page: named elsewhere, and no bug of ours.
            let_go(error)
            reason = said("unreadable", error=str(error).partition("\n")[0])
            self._report.unchecked.append(Unchecked(name, reason))
        except Exception as error:
            if error is self._given_up:
                raise
            _logger.exception("the phase %s of a verification failed", name)
            let_go(error)
            reason = said("unfinished", error=f"{type(error).__name__}: {error}")
            self._report.unchecked.append(Unchecked(name, reason))
