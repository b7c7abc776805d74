"""Which stages a case goes through: fewer in the summary procedure than in the general one. Pure.

A summary case is found, decided and served on the spot (行政处罚法 51, 52): nothing is filed before
(启动) and nobody reviews the decision (审核). Its fine is taken on the spot in some cases only
(行政处罚法 68), so a recording of that (执行) has a place, and nobody misses it.
"""

from collections.abc import Iterable

from custody.case_rows import Procedure
from custody.links import Stage

_FITTING = {
    Procedure.SUMMARY: (Stage.INVESTIGATION, Stage.DECISION, Stage.SERVICE, Stage.ENFORCEMENT),
    Procedure.GENERAL: tuple(Stage),
}
_EXPECTED = {
    Procedure.SUMMARY: (Stage.INVESTIGATION, Stage.DECISION, Stage.SERVICE),
    Procedure.GENERAL: tuple(Stage),
}


def fitting_stages(procedure: str) -> tuple[Stage, ...]:
    """The stages that a case of this procedure has, in their order; all where we know no such."""
    return _FITTING[Procedure(procedure)] if procedure in set(Procedure) else tuple(Stage)


def shown_stages(procedure: str, taken: Iterable[Stage]) -> tuple[Stage, ...]:
    """`fitting_stages` and those that a recording stands in all the same, in their order."""
    shown = {*fitting_stages(procedure), *taken}
    return tuple(stage for stage in Stage if stage in shown)


def missing_stages(procedure: str, taken: Iterable[Stage]) -> tuple[Stage, ...]:
    """The stages of which a case of this procedure should have a recording, and has none."""
    expected = _EXPECTED[Procedure(procedure)] if procedure in set(Procedure) else tuple(Stage)
    covered = frozenset(taken)
    return tuple(stage for stage in expected if stage not in covered)
