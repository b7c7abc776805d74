"""Stored receipts: each must prove the clip it lies beside."""

from collections.abc import Mapping
from typing import Any

from custody.cells import described, shown
from custody.log.canonical import format_time
from custody.log.errors import LogError, ReceiptError
from custody.log.receipt import check_receipt_for, open_receipt
from custody.said import said
from custody.verification.cells import as_logged
from custody.verification.context import VerificationContext
from custody.verification.expected import Logged
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report


def check_receipt(
    context: VerificationContext,
    report: Report,
    clip_id: str,
    logged: Logged | None,
    row: Mapping[str, Any],
) -> None:
    """A finding unless ``row`` holds the archive's receipt for this clip and this entry."""
    if not context.receipt_verifiers:
        return
    body = row["body"]
    try:
        if not isinstance(body, str):
            raise ReceiptError(described(body))
        # 1. Signature, entry, commitment, checkpoint and proof: all of it holds.
        receipt = open_receipt(body, context.receipt_verifiers, context.log)
        # 2. It is of this clip.
        if receipt.clip_id != clip_id:
            raise ReceiptError(f"of clip {receipt.clip_id}")
        if logged is None:
            raise ReceiptError("the clip has no entry")
        # 3. It says of it what the log says.
        columns = logged.columns
        check_receipt_for(
            receipt, str(columns["sha256"]), str(columns["sm3"]), _int(columns["size_bytes"])
        )
        # 4. It proves the entry that stands in the log.
        if receipt.index != logged.index:
            raise ReceiptError(f"of entry {receipt.index}")
        # 5. It was issued when its row says.
        issued_at = as_logged("issued_at", row["issued_at"])
        if issued_at != format_time(receipt.issued_at):
            raise ReceiptError(
                f"issued at {format_time(receipt.issued_at)}, its row says {described(issued_at)}"
            )
    except LogError as error:
        report.add(
            Finding(
                FindingCode.RECEIPT_ALTERED,
                f"clip:{clip_id}/receipt",
                said("receipt_wrong", error=error),
                expected=None if logged is None else said("receipt_of", entry=logged.index),
                found=said("error", error=error),
                clip_id=clip_id,
                entry_index=None if logged is None else logged.index,
            )
        )


def report_receipt_without_clip(report: Report, row: Mapping[str, Any]) -> None:
    """A receipt beside a clip that the log does not know."""
    clip_id = shown(row["clip_id"])
    report.add(
        Finding(
            FindingCode.RECEIPT_ALTERED,
            f"clip:{clip_id}/receipt",
            said("receipt_alone"),
            found=said("receipt_beside", clip=clip_id),
            clip_id=clip_id,
        )
    )


def report_second_receipt(report: Report, clip_id: str) -> None:
    """A further receipt beside a clip, which has one; its being genuine makes it no better."""
    report.add(
        Finding(
            FindingCode.RECEIPT_ALTERED,
            f"clip:{clip_id}/receipt",
            said("receipt_again"),
            clip_id=clip_id,
        )
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else -1
