"""`liuhen-verify`: mirror, proof, receipt, pair, statement.

Exit codes: 0 all holds; 1 something does not; 2 it could not be checked; 64 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from custody.errors import CustodyError
from custody.log.errors import LogError, NoteError, PolicyError
from custody.log.note import NoteVerifier
from custody.log.policy import Policy, read_policy
from custody.log.sample_statement import MAX_STATEMENT_BYTES, Verdict
from custody.log.trust import TrustedKeys, parse_log_key
from custody.outside.arguments import USAGE, Parser, language_of, read_key
from custody.outside.checks import check_mirror, check_pair, check_proof, check_receipt
from custody.outside.endings import ending
from custody.outside.errors import OutsideError
from custody.outside.explanations import explain
from custody.outside.samples import check_statement
from custody.outside.texts import say
from storage.regular_files import read_small_file

GOOD, DOES_NOT_HOLD, NOT_CHECKED = 0, 1, 2
#: Entries between two lines of progress.
PROGRESS_STEP = 100_000

#: What a check found: its lines for people, its object for programs, whether it holds.
Answer = tuple[list[str], dict[str, object], bool]


class _UsageError(Exception):
    """A key or policy that can't be read: what it is, and why not."""

    def __init__(self, what: str, reason: Exception) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    return ending(lambda: _run(given))


def _run(given: list[str]) -> int:
    options = _parser(language_of(given)).parse_args(given)
    language = options.lang
    try:
        lines, value, good = _CHECKS[options.command](options)
    except _UsageError as error:
        told = f"{error.what}: {explain(error.reason, language)}"
        sys.stderr.write(f"{_visible(told)}\n")
        return USAGE
    except LogError as error:
        lines, value, good = [explain(error, language)], {"problem": str(error)}, False
    except BrokenPipeError:
        raise
    except (OutsideError, CustodyError, OSError) as error:
        sys.stderr.write(f"{say(language, 'unchecked')}: {_visible(explain(error, language))}\n")
        return NOT_CHECKED
    if options.json:
        print(json.dumps({"holds": good, **value}, ensure_ascii=False))
    else:
        print(say(language, "holds" if good else "fails"))
        for line in lines:
            print(f"  {_visible(line)}")
    return GOOD if good else DOES_NOT_HOLD


def _mirror(options: argparse.Namespace) -> Answer:
    def progress(done: int, total: int) -> None:
        if done % PROGRESS_STEP < 256 and not options.json:
            sys.stderr.write(f"{done} / {total}\n")

    report = check_mirror(
        options.folder, _log(options.log), policy=_policy(options.policy), progress=progress
    )
    lines = [
        say(options.lang, "problem", where=one.where, message=explain(one.error, options.lang))
        for one in report.problems
    ]
    value: dict[str, object] = {
        "entries": report.entries,
        "items": report.items,
        "followed": report.followed,
        "problems": [{"where": one.where, "message": str(one.error)} for one in report.problems],
    }
    if report.checkpoint is not None:
        root = report.checkpoint.root.hex()
        value |= {"origin": report.checkpoint.origin, "size": report.checkpoint.size, "root": root}
        counts = {"entries": report.entries, "items": report.items, "followed": report.followed}
        lines.append(say(options.lang, "mirror", root=root, **counts))
    if report.cosignatures:
        names = [one.verifier.name for one in report.cosignatures]
        value["cosigned_by"] = names
        lines.append(say(options.lang, "witnessed", names=", ".join(names)))
    if report.witnessed is not None and report.checkpoint is not None:
        later = report.checkpoint.size - report.witnessed.size
        value["witnessed"] = report.witnessed.size
        if later:
            size = report.witnessed.size
            lines.append(say(options.lang, "not_yet_witnessed", size=size, later=later))
    return lines, value, not report.problems


def _proof(options: argparse.Namespace) -> Answer:
    text = read_small_file(options.file).decode(errors="replace")
    entry_bytes = read_small_file(options.entry)
    proof, entry = check_proof(
        text, entry_bytes, _log(options.log), _policy(options.policy), options.mirror
    )
    value = {"index": proof.index, "entry": json.loads(entry_bytes)}
    told = {
        "index": proof.index,
        "kind": entry.kind,
        "item": entry.item,
        "at": f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S %z}",
    }
    return [say(options.lang, "proof", **told), *_of_mirror(options)], value, True


def _receipt(options: argparse.Namespace) -> Answer:
    note = read_small_file(options.file)
    receipt = check_receipt(
        note, _key(options.receipts), _log(options.log), options.recording, options.mirror
    )
    value = {
        "clip_id": receipt.clip_id,
        "sha256": receipt.sha256,
        "sm3": receipt.sm3,
        "size_bytes": receipt.size_bytes,
        "index": receipt.index,
    }
    lines = [
        say(
            options.lang,
            "receipt",
            clip=receipt.clip_id,
            sha256=receipt.sha256,
            size=receipt.size_bytes,
            index=receipt.index,
        )
    ]
    if options.recording is not None:
        lines.append(say(options.lang, "recording"))
    return lines + _of_mirror(options), value, True


def _of_mirror(options: argparse.Namespace) -> list[str]:
    return [] if options.mirror is None else [say(options.lang, "of_mirror")]


def _pair(options: argparse.Namespace) -> Answer:
    one, other = (read_small_file(path) for path in options.files)
    check_pair(one, other, _log(options.log), options.mirror)
    return [say(options.lang, "pair")], {}, True


def _statement(options: argparse.Namespace) -> Answer:
    note = read_small_file(options.file, MAX_STATEMENT_BYTES)
    receipts, log = _key(options.receipts), _log(options.log)
    statement = check_statement(note, receipts, log, options.mirror)
    coverage = statement.coverage
    failed = [one for one in statement.clips if one.verdict != Verdict.HELD]
    value = {
        "seed": statement.seed,
        "asked": str(statement.asked),
        "population": coverage.clips,
        "clips": len(statement.clips),
        "not_held": [{"clip_id": one.clip_id, "verdict": one.verdict} for one in failed],
        "findings": dict(statement.findings),
        "unchecked": statement.unchecked,
        "ever_clips": coverage.ever_clips,
        "year_clips": coverage.year_clips,
        "oldest": None if coverage.oldest is None else coverage.oldest.clip_id,
    }
    lines = [
        say(
            options.lang,
            "statement",
            clips=len(statement.clips),
            population=coverage.clips,
            seed=statement.seed,
        ),
        say(
            options.lang,
            "statement.good" if statement.good and not failed else "statement.found",
            findings=sum(statement.findings.values()),
            unchecked=statement.unchecked,
            clips=len(failed),
        ),
        say(
            options.lang,
            "statement.reread",
            ever=coverage.ever_clips,
            year=coverage.year_clips,
            clips=coverage.clips,
        ),
    ]
    lines += [f"{one.verdict} {one.clip_id} {one.sha256}" for one in failed]
    if coverage.oldest is not None:
        oldest = coverage.oldest
        lines.append(
            say(options.lang, "statement.oldest", clip=oldest.clip_id, days=oldest.age_days)
        )
    return lines, value, True


_CHECKS: dict[str, Callable[[argparse.Namespace], Answer]] = {
    "mirror": _mirror,
    "proof": _proof,
    "receipt": _receipt,
    "pair": _pair,
    "statement": _statement,
}


def _parser(language: str) -> Parser:
    parser = Parser(
        language=language,
        prog="liuhen-verify",
        description=say(language, "about"),
        epilog=say(language, "epilog"),
    )
    add_command = parser.add_commands()

    def text(key: str) -> str:
        return say(language, f"help.{key}")

    def add(name: str) -> Parser:
        command = add_command(name, text(name))
        command.options.add_argument(
            "--log", required=True, action="append", metavar="VKEY", help=text("log")
        )
        command.options.add_argument("--json", action="store_true", help=text("json"))
        return command

    def add_file(to: argparse._ArgumentGroup, name: str, *, key: str, **named: Any) -> None:
        to.add_argument(name, type=Path, help=text(key), **{"metavar": "FILE"} | named)

    mirror = add("mirror")
    add_file(mirror.arguments, "folder", key="folder", metavar="DIR")
    proof = add("proof")
    add_file(proof.arguments, "file", key="proof_file", metavar="FILE.tlog-proof")
    add_file(proof.options, "--entry", key="entry", required=True)
    for command in (mirror, proof):
        add_file(command.options, "--policy", key="policy")
    receipt = add("receipt")
    add_file(receipt.arguments, "file", key="receipt_file", metavar="RECEIPT")
    receipt.options.add_argument("--receipts", required=True, metavar="VKEY", help=text("receipts"))
    add_file(receipt.options, "--recording", key="recording")
    pair = add("pair")
    add_file(pair.arguments, "files", key="checkpoint_files", metavar="CHECKPOINT", nargs=2)
    for command in (proof, receipt, pair):
        add_file(command.options, "--mirror", key="of_mirror", metavar="DIR")
    statement = add("statement")
    add_file(statement.arguments, "file", key="statement_file", metavar="STATEMENT")
    statement.options.add_argument(
        "--receipts", required=True, metavar="VKEY", help=text("receipts")
    )
    add_file(statement.options, "--mirror", key="folder", metavar="DIR", required=True)
    return parser


def _key(text: str) -> NoteVerifier:
    try:
        return NoteVerifier.parse(read_key(text))
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise _UsageError(text[:80], error) from error


def _log(texts: Sequence[str]) -> TrustedKeys:
    """What stands for the log: all the keys that are given must have signed."""
    verifiers = []
    for text in texts:
        try:
            verifiers.append(parse_log_key(read_key(text)))
        except (OSError, UnicodeDecodeError, NoteError) as error:
            raise _UsageError(text[:80], error) from error
    try:
        return TrustedKeys.all_of(verifiers)
    except NoteError as error:
        raise _UsageError("--log", error) from error


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        return read_policy(read_small_file(path))
    except (OSError, PolicyError) as error:
        raise _UsageError(str(path), error) from error


def _visible(text: str) -> str:
    """Without the characters that move a terminal's cursor or can't be written."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return shown.encode(errors="backslashreplace").decode()


if __name__ == "__main__":
    sys.exit(main())
