"""Which mount a file lies in, and when the word for its medium changes."""

from station_agent.media import Media, Mount, mount_of, read_mounts, word_of

LISTING = rb"""22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
90 22 8:17 / /media/REC\0401 rw,nosuid shared:40 master:1 - vfat /dev/sdb1 rw,uid=1000
91 22 8:33 / /media/REC\0401 rw - exfat /dev/sdc1 rw
92 22 0:50 / /mnt/share rw - cifs //archive/share rw
not a mount
"""


def disk(device: str) -> str | None:
    return {"8:17": "41", "8:33": "42"}.get(device)


def test_mounts_are_read_with_their_spaces() -> None:
    mounts = read_mounts(LISTING)
    assert mounts[0] == Mount("22", "8:2", b"/", "ext4")
    assert [mount.folder for mount in mounts[1:]] == [b"/media/REC 1"] * 2 + [b"/mnt/share"]


def test_the_deepest_mount_counts_and_the_later_of_two() -> None:
    mounts = read_mounts(LISTING)
    ids = {
        b"/media/REC 1/DCIM/clip.mp4": "91",
        b"/media/REC 10/clip.mp4": "22",
        b"/mnt/share/clip.mp4": "92",
        b"/srv/clip.mp4": "22",
    }
    for path, identifier in ids.items():
        mount = mount_of(path, mounts)
        assert mount is not None
        assert mount.id == identifier
    assert mount_of(b"/srv/clip.mp4", []) is None


def test_a_word_is_for_those_that_keep_no_time_of_change() -> None:
    system, first, second, share = read_mounts(LISTING)
    assert word_of(None, "boot", disk) == word_of(system, "boot", disk) == ""
    assert word_of(share, "boot", disk) == ""
    assert word_of(first, "boot", disk) == "boot/90/8:17/41"
    assert word_of(second, "boot", disk) == "boot/91/8:33/42"


def test_another_start_mount_or_disk_is_another_word() -> None:
    first = read_mounts(LISTING)[1]
    words = {
        word_of(first, "boot", disk),
        word_of(first, "later", disk),
        word_of(Mount("91", first.device, first.folder, first.kind), "boot", disk),
        word_of(first, "boot", lambda _: "43"),
    }
    assert len(words) == 4


def test_without_the_number_of_a_disk_the_word_is_for_this_run() -> None:
    phone = Mount("95", "0:61", b"/run/user/1000/gvfs", "fuse.gvfsd-fuse")
    word = word_of(phone, "boot", disk)
    assert word == word_of(phone, "boot", disk)
    assert len(word) > len("boot/95/0:61/") + 16


def test_the_system_is_asked_once_for_each_device() -> None:
    media = Media()
    assert media.word(7, b"/nowhere/clip.mp4") == media.word(7, b"/elsewhere/clip.mp4")
