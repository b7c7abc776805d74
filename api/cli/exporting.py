"""Making a bag from the command line: publish, have it stamped, hold the rows against the log,
receipts, copy, entries, and only then its name."""

from pathlib import Path

from api.cli.shell import Shell
from api.cli.words import say_word
from api.services import Services
from api.verification_runs import context_of
from custody.bundles.export import (
    Bundle,
    exported_events,
    plan_bundle,
    require_agreement,
    write_bundle,
)
from custody.bundles.keys import vkey_files
from custody.cases import clips_of_case
from custody.errors import ReceiptNotReadyError
from custody.verification import hold_case, snapshot
from ingest.receipts import find_or_issue


def export(shell: Shell, services: Services, case_id: str, output: Path) -> tuple[Bundle, Path]:
    """Write the bag of a case to ``output``. Raises `BundleError` and what its parts raise."""
    # What is pending gets its index now, so that the bag holds proofs of it.
    shell.publish(services)
    # And a date that others vouch for, as far as they answer: what they don't is no reason to wait.
    for outcome in services.stamper.stamp_all(shell.actor):
        if outcome.result in {"failed", "busy"}:
            trouble = say_word(shell.language, "stamp.trouble", outcome.trouble or "busy")
            shell.say("stamp.failed", error=True, authority=outcome.authority, reason=trouble)
    # Once before the archive signs receipts by these rows, and again for the very rows that go in.
    context = context_of(services)
    with snapshot(services.database) as tx:
        require_agreement(hold_case(tx, context, case_id))
    receipts = _receipts(services, case_id)
    with snapshot(services.database) as tx:
        plan = plan_bundle(
            tx,
            services.store,
            hold_case(tx, context, case_id),
            receipts=receipts,
            vkeys=vkey_files(services.keys),
            authorities=services.stamper.authorities,
        )
    bundle = write_bundle(
        services.store,
        plan,
        output,
        clock=services.clock,
        actor=shell.actor,
        bureau=services.config.bureau,
        progress=lambda done, total: None,  # noqa: ARG005
    )
    try:
        with services.database.write() as tx:
            services.ledger.append_many(tx, shell.actor, exported_events(bundle))
        return bundle, bundle.reveal()
    except BaseException:
        bundle.discard()
        raise


def _receipts(services: Services, case_id: str) -> dict[str, str | None]:
    receipts: dict[str, str | None] = {}
    with services.database.write() as tx:
        for one in clips_of_case(tx, case_id):
            try:
                receipts[one.clip.id] = find_or_issue(
                    tx, services.store, services.keys, services.clock, one.clip.id
                )
            except ReceiptNotReadyError:
                receipts[one.clip.id] = None  # the log can't be published just now
    return receipts
