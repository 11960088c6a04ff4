"""
Has every deed on a page exactly one line of the audit log, in the transaction of the deed?
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.act.paging.scene import MINUTE_NS, Scene, a_manual, people
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.acknowledging import acknowledge
from watchkeeper.act.answering import Answers
from watchkeeper.act.incidents.desk import IncidentDesk
from watchkeeper.act.links import Action, Link
from watchkeeper.act.paging import desk
from watchkeeper.act.paging.desk import CannotDo
from watchkeeper.store import audit, incidents, pages
from watchkeeper.store.incidents import IncidentRow

ANN = Visitor(name="ann", person="ada", through="session")
Line = tuple[str, str, str, str, str]


def a_scene() -> Scene:
    return Scene(
        a_manual(people=people("ada", "bo"), policies={"night": {"steps": [{"person": "ada"}], "repeat": 9}})
    ).run(1)


def lines(scene: Scene) -> list[Line]:
    with scene.state.reading() as view:
        found = reversed(audit.recent(view))
        return [(one.who, one.through, one.action, one.target, one.outcome) for one in found]


@pytest.fixture
def scene() -> Scene:
    return a_scene()


DEEDS: dict[str, Callable[[Scene, int], object]] = {
    "acknowledge": lambda scene, number: scene.desk.acknowledge([number], by=ANN),
    "snooze": lambda scene, number: scene.desk.snooze(number, for_ns=MINUTE_NS, by=ANN),
    "escalate": lambda scene, number: scene.desk.escalate(number, by=ANN),
    "resolve": lambda scene, number: scene.desk.resolve(number, by=ANN, reason="it is a drill"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_has_one_line_with_who_and_through_what(scene, deed):
    number = scene.page()
    DEEDS[deed](scene, number)
    assert lines(scene) == [("ann", "session", f"page.{deed}", f"page/{number}", "done")]
    assert scene.row(number).by in ("ada", None)  # the page says it by the name of the manual


@pytest.mark.parametrize("action", Action)
def test_a_pressed_link_has_one_line_for_each_of_its_pages(scene, action):
    numbers = [scene.page("disk"), scene.page("orders")]
    link = Link(action=action, pages=tuple(numbers), person="bo", expires_ns=scene.clock.now_ns() + MINUTE_NS)
    answers = Answers(scene.state, scene.clock)
    assert answers.press(link, "digest")[1]
    assert not answers.press(link, "digest")[1]
    assert lines(scene) == [("bo", "link", f"page.{action.value}", f"page/{number}", "done") for number in numbers]


def test_giving_back_and_acknowledging_again_are_lines_of_their_own(scene):
    number = scene.page()
    for _ in range(2):
        scene.desk.acknowledge([number], by="ada")
    scene.desk.unacknowledge(number, by="bo")
    assert [(line[0], line[2]) for line in lines(scene)] == [
        ("ada", "page.acknowledge"),
        ("ada", "page.acknowledge"),
        ("bo", "page.unacknowledge"),
    ]


def test_a_test_page_is_on_the_record_with_the_ways_it_went(scene):
    scene.desk.test("ada", by=ANN)
    assert lines(scene) == [("ann", "session", "page.test", "person/ada", "done")]
    with scene.state.reading() as view:
        assert audit.recent(view)[0].detail == {"methods": ["push"]}


def test_what_is_refused_or_changes_nothing_leaves_no_line(scene):
    number = scene.page()
    scene.desk.resolve(number, by="ada")
    before = lines(scene)
    for deed in ("snooze", "escalate", "resolve"):
        with pytest.raises(CannotDo):
            DEEDS[deed](scene, number)
    with pytest.raises(KeyError):
        scene.desk.acknowledge([number, 999], by="ada")
    scene.desk.acknowledge([number], by="ada")  # over, and stays so
    with pytest.raises(CannotDo):
        scene.desk.unacknowledge(number, by="ada")
    assert lines(scene) == before


def test_an_acknowledged_incident_has_one_line_and_each_page_that_is_taken_with_it(scene):
    with scene.state.transaction() as tx:
        row = IncidentRow(number=3, title="Disk", severity="P1", state="open", opened_ns=1, revision=1)
        incident = incidents.add(tx, row, alert_keys=[])
    number = scene.page(incident_id=incident)
    IncidentDesk(scene.state, scene.clock, lambda: scene.standing).acknowledge(3, by=ANN, assignee="bo")
    assert scene.row(number).by == "bo"
    assert sorted(line for line in lines(scene) if line[2].endswith(".acknowledge")) == [
        ("ann", "session", "incident.acknowledge", "incident/3", "done"),
        ("ann", "session", "page.acknowledge", f"page/{number}", "done"),
    ]


def test_an_acknowledged_page_marks_its_incident_on_the_record_too(scene):
    with scene.state.transaction() as tx:
        row = IncidentRow(number=3, title="Disk", severity="P1", state="open", opened_ns=1, revision=1)
        incident = incidents.add(tx, row, alert_keys=[])
    number = scene.page(incident_id=incident)
    scene.desk.acknowledge([number], by=ANN)
    scene.desk.acknowledge([number], by=ANN)  # the incident was theirs already
    assert [line[3] for line in lines(scene)] == [f"page/{number}", "incident/3", f"page/{number}"]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_that_is_not_written_leaves_no_line(scene, deed):
    number = scene.page()
    doings: dict[str, Callable[..., object]] = {
        "acknowledge": lambda tx: acknowledge(tx, pages=[number], by=ANN, at_ns=1),
        "snooze": lambda tx: desk.snooze(tx, number, for_ns=1, by=ANN, now_ns=1),
        "escalate": lambda tx: desk.escalate(tx, number, by=ANN, now_ns=1),
        "resolve": lambda tx: desk.resolve(tx, number, by=ANN, now_ns=1),
    }

    class Gone(Exception):
        pass

    def dies(doing: Callable[..., object]) -> None:
        with scene.state.transaction() as tx:
            doing(tx)
            assert audit.recent(tx)
            raise Gone

    with pytest.raises(Gone):
        dies(doings[deed])
    assert lines(scene) == []
    with scene.state.reading() as view:
        found = pages.by_id(view, number)
    assert found is not None
    assert found.state == "open"
