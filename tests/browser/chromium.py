"""A Chromium to test with: the system's, else Playwright's download, else Debian's package."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: Seconds for a download or an installation.
PATIENCE_S = 600


class NoChromiumError(Exception):
    """No Chromium could be found, downloaded or installed."""


@functools.cache
def find_chromium() -> str | None:
    """The program to start, None for the one Playwright brought. Raises `NoChromiumError`."""
    if (found := _on_path()) is not None:
        return found
    if _playwright_has_one():
        return None
    told = [_run(sys.executable, "-m", "playwright", "install", "chromium")]
    if _playwright_has_one():
        return None
    if os.geteuid() == 0 and shutil.which("apt-get"):
        told.append(_run("apt-get", "update"))
        told.append(_run("apt-get", "install", "-y", "--no-install-recommends", "chromium"))
        if (found := _on_path()) is not None:
            return found
    raise NoChromiumError("\n".join(told))


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _playwright_has_one() -> bool:
    with sync_playwright() as playwright:
        try:
            return Path(playwright.chromium.executable_path).exists()
        except Error:
            return False


def _run(*command: str) -> str:
    """Run ``command``; what it said, for the message should nothing help."""
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return f"{' '.join(command)}: exit {ended.returncode}\n{ended.stderr[-2000:]}"
