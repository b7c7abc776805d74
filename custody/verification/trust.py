"""Which keys must have signed which checkpoint: by the log's first and the entries about keys."""

from dataclasses import replace

from sqlalchemy.engine import Connection

from custody.key_rows import read_key_history
from custody.said import said
from custody.verification.context import VerificationContext
from custody.verification.findings import Finding, FindingCode
from custody.verification.reports import Report


def trusting(tx: Connection, context: VerificationContext, report: Report) -> VerificationContext:
    """``context`` with the keys that the log has announced and retired since its first.

    A finding for each entry that announces or retires a key and that no trusted key has signed.
    The entries are those of the rows, which the same run holds against the published tree.
    """
    history = read_key_history(tx, context.log_verifier)
    for refused in history.refused:
        report.add(
            Finding(
                FindingCode.KEY_UNTRUSTED,
                f"log:{refused.index}",
                said("key_untrusted", index=refused.index, error=refused.reason),
                expected=said("signed_by", verifier=history.newest.log.vkey),
                entry_index=refused.index,
            )
        )
    later = (one.receipts for one in history.generations[1:])
    return replace(
        context,
        trusted=history.trusted,
        later_receipt_verifiers=tuple(one for one in later if one is not None),
    )
