"""`liuhen clips`."""

from api.cli.lazy import group

command = group("clips", "Clips: list and show.", list="clips_list", show="clips_show")
