"""How far the log is witnessed, and who is behind: read from rows, every signature verified anew.

A checkpoint counts as witnessed once enough of the policy's witnesses, as its quorum says, have
cosigned that very one. What is newer than the largest such is not yet witnessed, and since when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from custody.asked_states import AskedState, Sort, states_of
from custody.log.cosignature import Cosignature
from custody.log.errors import LogError
from custody.log.policy import Policy
from custody.publishing.published import (
    PublishedCheckpoint,
    find_checkpoints,
    first_checkpoints,
    newest_checkpoint,
)
from custody.witnesses import cosignatures
from custody.witnesses.asking import Trouble
from custody.witnesses.cosignatures import KeptCosignature
from custody.witnesses.policy import WitnessPolicy

#: Sizes looked at that enough keys seem to have signed, until one holds.
_MAX_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Cosigner:
    """One key's standing.

    ``name`` is what the policy calls it; of a station it is the station's id. ``size`` is that of
    the newest checkpoint it cosigned, ``received_at`` when that came here; None where there is
    none. ``behind_since`` is when the first checkpoint was published that it has not cosigned, nor
    a later one; None where there is none. ``trouble`` says why asking it failed last and
    ``failing_since`` since when; None while it answers, and of stations, which are not asked.
    """

    name: str
    key_id: str
    size: int | None
    received_at: datetime | None
    behind_since: datetime | None
    trouble: str | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Witnessing:
    """``size`` entries are published, ``witnessed`` of them under a checkpoint with the quorum.

    ``is_named``: a policy names witnesses and how many it takes; without one nothing counts as
    witnessed. ``unwitnessed_since`` is when the first checkpoint was published that is not.
    """

    is_named: bool
    size: int
    witnessed: int
    unwitnessed_since: datetime | None
    witnesses: tuple[Cosigner, ...]
    stations: tuple[Cosigner, ...]

    @property
    def is_met(self) -> bool:
        """Whether all that is published is witnessed."""
        return self.is_named and self.size > 0 and self.witnessed == self.size

    @property
    def behind(self) -> tuple[Cosigner, ...]:
        return tuple(one for one in self.witnesses if one.behind_since is not None)

    @property
    def contradicting(self) -> tuple[Cosigner, ...]:
        """Who has cosigned another history of this log: an alarm."""
        return tuple(one for one in self.witnesses if one.trouble == Trouble.CONTRADICTS)

    def age(self, now: datetime) -> timedelta:
        """How long the oldest unwitnessed checkpoint has been waiting."""
        since = self.unwitnessed_since
        return timedelta() if since is None else max(now - since, timedelta())


def read_witnessing(tx: Connection, policy: WitnessPolicy | None, origin: str) -> Witnessing:
    """What the rows say now; those that do not hold count for nothing."""
    newest = newest_checkpoint(tx)
    size = 0 if newest is None else newest.size
    names = {} if policy is None else {key: one.name for key, one in policy.keys.items()}
    rows = cosignatures.newest_by_key(tx)
    published = find_checkpoints(tx, [one.size for one in rows.values()])
    kept = {key: one for key, one in rows.items() if _holds(one, published, origin)}
    stations = [one for key, one in kept.items() if one.station_id is not None and key not in names]
    is_named = policy is not None and policy.policy.quorum is not None
    witnessed = _witnessed(tx, policy, origin) if policy is not None and is_named else 0
    later = first_checkpoints(tx, {0, witnessed, *published})
    waiting = later.get(witnessed) if is_named else None
    states = _states(tx, policy)
    return Witnessing(
        is_named,
        size,
        witnessed,
        None if waiting is None else waiting.published_at,
        tuple(
            _standing(name, key, kept.get(key), later, states.get(name))
            for key, name in names.items()
        ),
        tuple(_standing(str(one.station_id), one.key_id, one, later) for one in stations),
    )


def fewest(policy: Policy) -> int:
    """With how many witnesses the quorum can be met at the least; 0 where it asks for nobody."""
    if policy.quorum is None:
        return 0
    count = {one.name: 1 for one in policy.witnesses}
    for name, group in policy.groups.items():  # a group names what stands before it
        count[name] = sum(sorted(count[member] for member in group.members)[: group.least])
    return count[policy.quorum]


def _witnessed(tx: Connection, policy: WitnessPolicy, origin: str) -> int:
    least, keys = fewest(policy.policy), policy.keys
    # Almost always the first one holds; the others are behind rows that were altered.
    for size in cosignatures.sizes_signed_by(tx, list(keys), least, _MAX_LOOKED_AT):
        published = find_checkpoints(tx, [size])
        signed = [
            Cosignature(keys[one.key_id].verifier, one.cosigned_at)
            for one in cosignatures.of_checkpoint(tx, size)
            if one.key_id in keys and _holds(one, published, origin)
        ]
        if policy.policy.is_met(signed):
            return size
    return 0


def _holds(
    kept: KeptCosignature, published: Mapping[int, PublishedCheckpoint], origin: str
) -> bool:
    """Whether a row is what its key signed, of the checkpoint that was published here."""
    try:
        cosignatures.open_kept(kept, origin)
    except LogError:
        return False
    checkpoint = published.get(kept.size)
    return checkpoint is not None and checkpoint.root == kept.root


def _states(tx: Connection, policy: WitnessPolicy | None) -> dict[str, AskedState]:
    """How asking went last, by each name that the policy has for whom was asked."""
    asked = () if policy is None else policy.asked
    states = states_of(tx, Sort.WITNESS, [one.name for one in asked])
    return {name: states[one.name] for one in asked if one.name in states for name in one.names}


def _standing(
    name: str,
    key: str,
    kept: KeptCosignature | None,
    later: Mapping[int, PublishedCheckpoint],
    state: AskedState | None = None,
) -> Cosigner:
    missed = later.get(0 if kept is None else kept.size)
    return Cosigner(
        name,
        key,
        None if kept is None else kept.size,
        None if kept is None else kept.received_at,
        None if missed is None else missed.published_at,
        None if state is None else state.trouble,
        None if state is None else state.failing_since,
    )
