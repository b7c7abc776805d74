"""Who is interrupted, or read no further, does not say that something does not hold."""

import os
import subprocess
import sys

import pytest

from custody.outside.endings import INTERRUPTED, UNREAD, ending


def interrupted() -> int:
    raise KeyboardInterrupt


def test_the_code_of_the_command_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(lambda: 7) == 7
    assert ending(interrupted) == INTERRUPTED
    assert capsys.readouterr().err == "\n"


def test_a_reader_that_is_gone() -> None:
    script = (
        "import sys\n"
        "from custody.outside.endings import ending\n"
        "sys.exit(ending(lambda: print('holds\\n' * 100_000) or 0))\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (UNREAD, b"")
