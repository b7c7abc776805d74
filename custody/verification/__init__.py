"""Verification: everything is read again and recomputed; what does not agree is named.

The rules are the kernel's (`custody.log`); what is stored beside bytes and entries is compared,
never believed.
"""

from custody.verification.context import (
    EVERYTHING,
    LOG_ONLY,
    ProgressCallback,
    SampleWanted,
    Selection,
    VerificationContext,
)
from custody.verification.findings import (
    MEANINGS,
    Finding,
    FindingCode,
    Progress,
    Report,
    Unchecked,
    VerificationImpossibleError,
)
from custody.verification.records import (
    broken_items,
    record_broken,
    record_run,
    record_sampled,
    sampled_items,
)
from custody.verification.rows import snapshot
from custody.verification.run import ClipVerdict, HeldCase, hold_case, verify_all, verify_clip

__all__ = [
    "EVERYTHING",
    "LOG_ONLY",
    "MEANINGS",
    "ClipVerdict",
    "Finding",
    "FindingCode",
    "HeldCase",
    "Progress",
    "ProgressCallback",
    "Report",
    "SampleWanted",
    "Selection",
    "Unchecked",
    "VerificationContext",
    "VerificationImpossibleError",
    "broken_items",
    "hold_case",
    "record_broken",
    "record_run",
    "record_sampled",
    "sampled_items",
    "snapshot",
    "verify_all",
    "verify_clip",
]
