"""Which medium a file lies on: a word that changes when another one may have taken its place.

A name, a size and a time say little: recorders that lost their clock write the same names at the
same times, and FAT and exFAT keep no more than that (they number their files as they meet them,
and show the time of change as the time of the content). So what was received from such a medium
is believed to lie there still only while the system can say that the medium was not away:

- File systems that keep number and time of change of a file themselves, on the disk or on a server,
  need no word: nobody can set that time, and it differs between two media. The word is empty.
- Of all others the word names this start of the system, the mount, and the number that the kernel
  gave the disk when it appeared (Linux 5.15). Where the kernel has none, mounts are numbered anew
  and the same, and the word is good for one run of the agent.
- Elsewhere than on Linux nothing is known of mounts, and the word is empty; the device's number
  (`Identity.device`; under Windows the volume's serial) has to do.

A new word costs one more reading of what lies there: the archive answers for bytes it knows.
"""

import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: They keep inode and ctime of each file for good, and the ctime is never the caller's to set.
_KEEPING = frozenset(
    {
        *("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "reiserfs", "xfs", "zfs"),
        *("overlay", "ramfs", "tmpfs", "9p", "ceph", "cifs", "nfs", "nfs4", "smb3", "virtiofs"),
    }
)
_ESCAPED = re.compile(rb"\\([0-7]{3})")
#: Good for one run of this program.
_THIS_RUN = uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of ``/proc/self/mountinfo``: ``device`` is ``major:minor``."""

    id: str
    device: str
    folder: bytes
    kind: str


def read_mounts(listing: bytes) -> list[Mount]:
    """The mounts in the bytes of ``mountinfo``; a line of another form is passed over."""
    mounts = []
    for line in listing.splitlines():
        before, separator, after = line.partition(b" - ")
        fields, kinds = before.split(b" "), after.split(b" ")
        if separator and len(fields) >= 6:
            folder = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4])
            texts = (part.decode("ascii", "replace") for part in (fields[0], fields[2], kinds[0]))
            identifier, device, kind = texts
            mounts.append(Mount(identifier, device, folder, kind))
    return mounts


def mount_of(path: bytes, mounts: list[Mount]) -> Mount | None:
    """The mount that ``path`` lies in: the deepest, and of two at one folder the later."""
    best = None
    for mount in mounts:
        inside = mount.folder.rstrip(b"/") + b"/"
        if path.startswith(inside) and (best is None or len(mount.folder) >= len(best.folder)):
            best = mount
    return best


def word_of(mount: Mount | None, boot: str, disk: Callable[[str], str | None]) -> str:
    """The word for what lies in ``mount``; ``disk`` gives the number of a disk's appearance."""
    if mount is None or mount.kind in _KEEPING:
        return ""
    return f"{boot}/{mount.id}/{mount.device}/{disk(mount.device) or _THIS_RUN}"


class Media:
    """The media at one look; asks the system once for each device."""

    def __init__(self) -> None:
        self._mounts: list[Mount] | None = None
        self._words: dict[int, str] = {}

    def word(self, device: int, path: bytes) -> str:
        """The word for the medium with number ``device`` (``st_dev``) that ``path`` lies on."""
        word = self._words.get(device)
        if word is None:
            if self._mounts is None:
                self._mounts = read_mounts(_content("/proc/self/mountinfo"))
            mount = mount_of(os.path.realpath(path), self._mounts)
            boot = _content("/proc/sys/kernel/random/boot_id").decode("ascii", "replace").strip()
            word = self._words[device] = word_of(mount, boot, _appearance)
        return word


def _appearance(device: str) -> str | None:
    """The number of a disk's appearance; of the disk, where ``device`` is a partition of one."""
    for place in ("diskseq", "../diskseq"):
        number = _content(f"/sys/dev/block/{device}/{place}").decode("ascii", "replace").strip()
        if number:
            return number
    return None


def _content(path: str) -> bytes:
    """A file of the system, empty where this system has none."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
