"""Which stages a case of each procedure has, shows, and misses."""

from custody.case_stages import fitting_stages, missing_stages, shown_stages
from custody.links import Stage

ON_THE_SPOT = (Stage.INVESTIGATION, Stage.DECISION, Stage.SERVICE, Stage.ENFORCEMENT)


def test_a_summary_case_has_the_stages_that_happen_on_the_spot() -> None:
    assert fitting_stages("summary") == shown_stages("summary", []) == ON_THE_SPOT
    assert fitting_stages("general") == tuple(Stage)


def test_a_summary_case_misses_no_filing_no_review_and_no_fine_taken_on_the_spot() -> None:
    assert missing_stages("summary", []) == ON_THE_SPOT[:3]
    assert missing_stages("summary", [Stage.DECISION, Stage.REVIEW]) == (
        Stage.INVESTIGATION,
        Stage.SERVICE,
    )
    assert missing_stages("general", [Stage.DECISION]) == tuple(
        stage for stage in Stage if stage is not Stage.DECISION
    )


def test_what_stands_in_another_stage_is_shown_in_its_place() -> None:
    shown = shown_stages("summary", [Stage.REVIEW, Stage.SERVICE])
    assert shown == (Stage.INVESTIGATION, Stage.REVIEW, *ON_THE_SPOT[1:])


def test_of_a_procedure_that_nobody_knows_nothing_is_left_out() -> None:
    assert fitting_stages("quick") == missing_stages("quick", []) == tuple(Stage)
