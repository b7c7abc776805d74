"""The watched folders over time: when to look, what has settled, when a manifest is due.

All of it happens in the agent's main thread, which never reads a file's content.
"""

import logging
import os
import stat
import time

from station_agent import reasons
from station_agent.config import Config
from station_agent.errors import FileProblemError, JournalError, StaleFileError
from station_agent.events import Event, Listener
from station_agent.hashing import file_problem, identity_of, opened
from station_agent.intake import take_in
from station_agent.journal import File, Journal, State
from station_agent.manifests import Manifests
from station_agent.setbacks import Setbacks
from station_agent.settle import Identity, Stillness, is_settled, look
from station_agent.tallies import note_skipped
from station_agent.watch import Scan, scan

logger = logging.getLogger(__name__)

#: Looking at all the folders takes at most this share of the time, whatever the schedule says.
_SCAN_SHARE = 0.005
#: The same where events ask for it: a burst of them must not keep us listing folders.
_HINTED_SHARE = 0.1
_SHORTEST_S = 0.25


class Folders:
    """See the module."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        manifests: Manifests,
        setbacks: Setbacks,
        listener: Listener,
    ) -> None:
        self.roots = tuple(os.fsencode(path) for path in config.watch)
        self._config = config
        self._own = os.fsencode(config.home)
        self._journal = journal
        self._manifests = manifests
        self._setbacks = setbacks
        self._listener = listener
        self._stillness: dict[int, Stillness] = {}
        #: Monotonic seconds: when each root is looked at next, and at the earliest by a hint.
        self._next_scan = dict.fromkeys(self.roots, 0.0)
        self._next_hinted = dict.fromkeys(self.roots, 0.0)
        self._next_manifest = dict.fromkeys(self.roots, 0.0)
        self._hinted = False
        self._skipped: dict[bytes, dict[bytes, str]] = {}
        #: What was said of skipped things and folders that can't be listed, to say it once.
        self._said: dict[bytes, set[tuple[str, bytes, str]]] = {root: set() for root in self.roots}

    @property
    def errors(self) -> int:
        """How many folders could not be listed, and files not taken in, at the last look."""
        return sum(kind != "skipped" for said in self._said.values() for kind, _, _ in said)

    def hint(self) -> None:
        """Something changed somewhere: look earlier than planned."""
        self._hinted = True

    def turn(self) -> float:
        """Do what is due; seconds until there may be more to do. Raises `JournalError`."""
        self._scan_due()
        waiting = self._settle()
        # A file that settled while it was growing in the journal's eyes is looked at once more.
        if any(when <= 0.0 for when in self._next_scan.values()):
            self._scan_due()
            waiting = self._settle()
        due = [self._make_manifest(root) for root in self.roots if self._manifests.is_due(root)]
        now = time.monotonic()
        pauses = [when - now for when in self._next_scan.values()]
        pauses += due
        if waiting:
            pauses.append(min(1.0, self._config.settle_s / 4))
        if self._hinted:
            pauses += [when - now for when in self._next_hinted.values()]
        return max(_SHORTEST_S, min(pauses, default=self._config.rescan_s))

    def _scan_due(self) -> None:
        now = time.monotonic()
        hinted = self._hinted
        if hinted and all(now >= when for when in self._next_hinted.values()):
            self._hinted = False
        for root in self.roots:
            if now >= self._next_scan[root] or (hinted and now >= self._next_hinted[root]):
                self._scan(root)

    def _scan(self, root: bytes) -> Scan:
        began = time.monotonic()
        found = scan(root, own=self._own)
        intake = take_in(self._journal, found)
        now = time.monotonic()
        share = _SCAN_SHARE / len(self.roots)
        self._next_scan[root] = now + max(self._config.rescan_s, (now - began) / share)
        self._next_hinted[root] = now + (now - began) / _HINTED_SHARE
        for new in intake.new:
            self._listener(Event("state", new.path, State.SEEN, 0, new.identity.size_bytes))
        self._keep_skipped(found)
        said = {("skipped", one.path, one.reason) for one in found.skipped}
        said |= {("folder", path, reason) for path, reason in found.errors}
        said |= {("trouble", path, reason) for path, reason in intake.held}
        for kind, path, reason in sorted(said - self._said[root]):
            logger.warning("%s: %s: %s", kind, reasons.visible(path), reason)
            state = State.FAILED if kind == "trouble" else ""
            self._listener(Event(kind, path, state, reason=reason))
        self._said[root] = said
        return found

    def _keep_skipped(self, found: Scan) -> None:
        """For the status; litter of a system and our own home are nothing anybody asks after."""
        unasked = (reasons.IGNORED, reasons.OWN)
        skipped = {one.path: one.reason for one in found.skipped if one.reason not in unasked}
        if self._skipped.get(found.root) != skipped:
            note_skipped(self._journal, found.root, skipped)
            self._skipped[found.root] = skipped

    def _settle(self) -> bool:
        """Move on what stands still; whether there is more that does not yet."""
        seen = self._journal.files(State.SEEN)
        stillness: dict[int, Stillness] = {}
        for file in seen:
            try:
                one = self._look(file)
                if one is not None:
                    stillness[file.id] = one
            except FileProblemError as error:
                self._setbacks.fail(file, reasons.compose(error.reason, error.detail))
            except StaleFileError:
                logger.debug("changed meanwhile: %s", reasons.visible(file.path))
            except (JournalError, OSError):
                raise
            except Exception as error:
                logger.exception("this should not happen: %s", reasons.visible(file.path))
                reason = reasons.compose(reasons.UNFORESEEN, reasons.described(error))
                self._setbacks.fail(file, reason)
        self._stillness = stillness
        return bool(stillness)

    def _look(self, file: File) -> Stillness | None:
        """One more look at a file; None once it needs no more of them."""
        identity = self._identity(file)
        if identity is None:
            self._next_scan[file.root] = 0.0  # the scan says what became of it
            return None
        now = time.monotonic()
        still = look(self._stillness.get(file.id), identity, now)
        if not is_settled(still, now, self._config.settle_s):
            return still
        if identity != file.identity:
            self._next_scan[file.root] = 0.0  # it settled into something else than we know
            return still
        if identity.size_bytes == 0:
            self._setbacks.refuse(file, reasons.EMPTY)
            return None
        with opened(file.path) as descriptor:
            if identity_of(os.fstat(descriptor)) != identity:
                return still
        settled = self._journal.advance(file, State.SETTLED, reason=file.reason)
        self._listener(Event("state", file.path, settled.state, 0, identity.size_bytes))
        return None

    @staticmethod
    def _identity(file: File) -> Identity | None:
        try:
            status = os.lstat(file.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file_problem(error) from error
        return identity_of(status) if stat.S_ISREG(status.st_mode) else None

    def _make_manifest(self, root: bytes) -> float:
        """Make the manifest that is due, or say how long it has to wait."""
        now = time.monotonic()
        if now < self._next_manifest[root]:
            return self._next_manifest[root] - now
        found = self._scan(root)
        self._manifests.make(found)
        self._next_manifest[root] = time.monotonic() + self._manifests.pause_s(found)
        return 0.0
