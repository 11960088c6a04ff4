"""MTTA, MTTR, the time in each stage, and how many deadlines were kept."""

from watchkeeper.decide.process import Clock
from watchkeeper.decide.response_times import Course, Kept, Times, response_times


def test_means_count_only_what_happened():
    found = response_times(
        [
            Course(opened_ns=100, acknowledged_ns=110, closed_ns=200, stages=[("Assess", 5), ("Fix", 50)]),
            Course(opened_ns=1000, acknowledged_ns=1060, stages=[("Assess", 15)]),
            Course(opened_ns=2000),
        ]
    )
    assert found.incidents == 3
    assert found.acknowledge == Times(2, 35, 10, 60)
    assert found.resolve == Times(1, 100, 100, 100)
    assert found.stages == {"Assess": Times(2, 10, 5, 15), "Fix": Times(1, 50, 50, 50)}


def test_a_deadline_that_was_met_late_was_missed_and_one_that_runs_is_neither():
    clocks = [
        Clock(name="respond", started_ns=0, due_ns=10, met_ns=10),
        Clock(name="respond", started_ns=0, due_ns=10, met_ns=11),
        Clock(name="respond", started_ns=0, due_ns=10, missed_ns=12),
        Clock(name="respond", started_ns=0, due_ns=10, met_ns=30, missed_ns=12),
        Clock(name="respond", started_ns=0, due_ns=10),
    ]
    assert response_times([Course(opened_ns=0, clocks=clocks)]).clocks == {"respond": Kept(met=1, missed=3)}


def test_of_nothing_there_is_nothing():
    found = response_times([])
    assert (found.incidents, found.acknowledge, found.resolve, found.stages) == (0, None, None, {})
