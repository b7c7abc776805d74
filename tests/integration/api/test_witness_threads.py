"""Each witness has a thread of its own: one that hangs keeps neither log nor others waiting."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from api.services import Services
from api.worker import Worker
from custody.actors import service_actor
from custody.errors import WitnessAwayError
from custody.exchange import Answer
from custody.log.cosignature import open_cosigned
from custody.object_keys import CHECKPOINT_KEY
from custody.publishing.published import newest_checkpoint
from custody.witnesses.asking import Asker, LogAsked
from custody.witnesses.cosigned import CosignaturePublisher
from custody.witnesses.witnessing import read_witnessing
from ingest.stations import create_enrolment_token
from storage.errors import ObjectNotFoundError
from tests.services.witnesses import near_witness, policy_of


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_one_that_hangs_keeps_nobody_waiting(services: Services, tmp_path: Path) -> None:
    verifier, origin = services.keys.log.verifier, services.config.origin
    release, hanging = threading.Event(), threading.Event()

    def hang(_address: str, _body: bytes) -> Answer:
        hanging.set()
        assert release.wait(120)
        raise WitnessAwayError("timed out")

    with (
        near_witness(tmp_path, "w0", verifier) as slow,
        near_witness(tmp_path, "w1", verifier) as one,
    ):
        policy = policy_of(tmp_path, [slow, one], 1, verifier)
        log = LogAsked(services.database, services.store, services.clock, verifier, origin)
        askers = tuple(
            Asker(log, asked, exchange)
            for asked, exchange in zip(policy.asked, (hang, one.post), strict=True)
        )
        config = replace(
            services.config, media_workers=0, publish_interval_s=0.02, witness_interval_s=0.02
        )
        cosigned = CosignaturePublisher(
            services.database, services.store, services.clock, verifier, origin, policy
        )
        working = replace(
            services, config=config, policy=policy, askers=askers, cosignatures=cosigned
        )

        def size() -> int:
            with services.database.read() as tx:
                newest = newest_checkpoint(tx)
            return 0 if newest is None else newest.size

        def witnessed() -> int:
            """The size that is served with the signature of the one that answers; 0: it is not."""
            try:
                note = services.store.read_bytes(CHECKPOINT_KEY)
            except ObjectNotFoundError:
                return 0
            checkpoint, who = open_cosigned(note, verifier, [one.cosigner.verifier])
            return checkpoint.size if who else 0

        def is_witnessed(entries: int) -> bool:
            return size() == witnessed() == entries

        worker = Worker(working)
        worker.start()
        try:
            for number in range(3):
                with services.database.write() as tx:
                    create_enrolment_token(
                        tx, services.clock, services.ledger, service_actor("test"), f"{number}"
                    )
                wait_for(partial(is_witnessed, number + 1))
                assert hanging.wait(60)
            assert size() == 3
            assert slow.asked == 0
        finally:
            release.set()
            worker.stop()
        with services.database.read() as tx:
            standing = read_witnessing(tx, working.policy, working.config.origin).witnesses
        assert {one.name: one.trouble for one in standing if one.trouble} == {"w0": "away"}
