"""Growing the tree by whole tiles passes over no checkpoint, wherever in a tile it lies."""

from dataclasses import dataclass, field
from typing import cast

from hypothesis import example, given
from hypothesis import strategies as st

from custody.log.merkle import Frontier, complete_root, hash_leaf, root_of
from custody.log.tiles import WIDTH
from custody.verification.archive import ArchiveWalk
from custody.verification.tree import _grow

LEAVES = [hash_leaf(number.to_bytes(4, "big")) for number in range(5 * WIDTH)]


@dataclass
class Walk:
    """As `ArchiveWalk`: the sizes to be met, and with which root each was."""

    sizes: list[int]
    met: dict[int, bytes] = field(default_factory=dict)

    @property
    def next_size(self) -> int:
        return self.sizes[0] if self.sizes else -1

    def meet(self, root: bytes) -> None:
        self.met[self.sizes.pop(0)] = root


@given(st.integers(1, len(LEAVES)), st.sets(st.integers(1, len(LEAVES)), max_size=12))
@example(3 * WIDTH, {WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH})
def test_every_checkpoint_is_met_with_its_root(size: int, sizes: set[int]) -> None:
    walk, frontier = Walk(sorted(sizes)), Frontier()
    for first in range(0, size, WIDTH):
        leaves = LEAVES[first : min(first + WIDTH, size)]
        root = complete_root(leaves) if len(leaves) == WIDTH else None
        _grow(frontier, leaves, root, cast("ArchiveWalk", walk))
    assert frontier.root() == root_of(LEAVES[:size])
    assert walk.met == {one: root_of(LEAVES[:one]) for one in sizes if one <= size}
