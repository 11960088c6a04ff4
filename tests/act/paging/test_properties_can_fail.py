"""
Does the property test of paging find a defect, within as many cases as it has in CI?

Each defect is planted into the product for one test; the cases are drawn from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings

from tests.act.paging.test_paging_properties import CASES, SLOW, check, doings_of, manuals
from watchkeeper.act import sender
from watchkeeper.act.paging import bundling, wanted
from watchkeeper.decide.paging import escalation, reaching
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import decisions, outbox

Plant = Callable[[pytest.MonkeyPatch], None]


def a_send_after_a_committed_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wanted, "why_unwanted", lambda *_: None)


def a_send_of_what_was_taken_after_it_was_claimed(patch: pytest.MonkeyPatch) -> None:
    real, calls = wanted.why_unwanted, []

    def second_time_blind(view: Any, row: Any) -> str | None:  # the first look is that of the claim
        calls.append(row.id)
        return real(view, row) if calls.count(row.id) == 1 else None

    patch.setattr(wanted, "why_unwanted", second_time_blind)


def a_cycle_twice_after_a_crash(patch: pytest.MonkeyPatch) -> None:
    def back(tx: Any, *, now_ns: int, reason: str) -> list[Any]:  # noqa: ARG001 as the real one
        ended = "state = 'sending' AND sending_until_ns <= ?"
        tx.exec_driver_sql(f"UPDATE outbox SET state = 'due' WHERE {ended}", (now_ns,))  # noqa: S608 nobody's input
        return []

    patch.setattr(outbox, "expired_sending", back)


def a_cycle_twice_by_two_ways_of_a_step(patch: pytest.MonkeyPatch) -> None:
    real = reaching.reach
    patch.setattr(escalation, "reach", lambda *args, **more: real(*args, **more) * 2)


def the_last_person_of_a_step_is_skipped(patch: pytest.MonkeyPatch) -> None:
    real = escalation._Walk._people_of
    patch.setattr(escalation._Walk, "_people_of", lambda self, step: list(real(self, step))[: 1 + step.everyone])


def whoever_is_on_call_is_skipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation, "schedules_of", lambda _: set())
    patch.setattr("watchkeeper.act.paging.facts.schedules_of", lambda _: set())


def what_is_held_is_never_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bundling, "release", lambda *_, **__: False)


def an_unknown_outcome_is_not_sent_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sender.Sender, "_perhaps_again", lambda *_: None)


def an_acknowledgement_never_lapses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation, "_lapses_ns", lambda _: None)


def a_refusal_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = reaching._refused
    patch.setattr(reaching, "_refused", lambda *args: real(*args[:5], None))


def a_refusal_that_is_not_written(patch: pytest.MonkeyPatch) -> None:
    real = decisions.add
    patch.setattr(decisions, "add", lambda tx, found: real(tx, [one for one in found if one.verdict != "refuse"]))


PLANTS: list[Plant] = [
    a_send_after_a_committed_acknowledgement,
    a_send_of_what_was_taken_after_it_was_claimed,
    a_cycle_twice_after_a_crash,
    a_cycle_twice_by_two_ways_of_a_step,
    the_last_person_of_a_step_is_skipped,
    whoever_is_on_call_is_skipped,
    what_is_held_is_never_released,
    an_unknown_outcome_is_not_sent_again,
    an_acknowledgement_never_lapses,
    a_refusal_without_a_reason,
    a_refusal_that_is_not_written,
]


def found(seeded: int) -> bool:
    @seed(seeded)
    @settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=SLOW,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
    )
    @given(manuals(), doings_of)
    def cases(manual: Manual, doings: list[Any]) -> None:
        check(manual, doings)

    try:
        cases()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert found(11)


@pytest.mark.torture
@pytest.mark.parametrize("seeded", range(5))
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_every_planted_defect_is_found_in_several_runs(
    plant: Plant, seeded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert found(seeded)
