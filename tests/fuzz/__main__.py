"""Every target for so many seconds, each from its true bytes: `python -m tests.fuzz [SECONDS]`.

Prints a line a target; ends with 1 where one failed, and says how to see it again.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS, Target

DEFAULT_SECONDS = 60
#: A parser that takes longer, or more memory, than this for 64 KiB has failed.
TIMEOUT_S = 10
MEMORY_MIB = 1024
LONGEST = 1 << 16
#: Keys and texts of JSON, words of lines, runs of base64.
_WORD = re.compile(rb'"[^"\n]{1,64}":?|[^\s",:{}\[\]]{2,}')
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)")


def words_of(target: Target) -> str:
    """The words of the true bytes, for libFuzzer to put together: a dictionary in its own form."""
    words = {word[:64] for seed in target.seeds for word in _WORD.findall(seed)}
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in sorted(words)[:200])
    return "".join(f'"{word}"\n' for word in escaped)


def fuzz(target: Target, seconds: int, folder: Path) -> bool:
    """Whether nothing was found; what was is kept under ``folder``."""
    corpus = folder / target.name
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / f"{target.name}.dict"
    words.write_text(words_of(target), encoding="ascii")
    longest = min(LONGEST, max(len(seed) for seed in target.seeds) * 2 + 256)
    options = (
        f"-max_total_time={seconds}",
        f"-max_len={longest}",
        f"-timeout={TIMEOUT_S}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-artifact_prefix={corpus}-",
        f"-dict={words}",
    )
    command = (sys.executable, "-m", "tests.fuzz.one", target.name, *options, str(corpus))
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    found = _DONE.search(done.stderr)
    if done.returncode != 0 or found is None:
        print(f"{target.name}: failed\n{(done.stdout + done.stderr)[-4000:]}")
        print(f"again: {sys.executable} -m tests.fuzz.one {target.name} {corpus}-*")
        return False
    runs, covered, _, kept = found.groups()
    print(
        f"{target.name:16} {int(runs):>11,} inputs  {covered:>5} edges  {kept:>5} kept", flush=True
    )
    return True


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS
    folder = Path(tempfile.mkdtemp(prefix="liuhen-fuzz-"))
    held = [fuzz(target, seconds, folder) for target in TARGETS]
    print(f"{sum(held)} of {len(held)} held, {seconds} s each; inputs in {folder}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
