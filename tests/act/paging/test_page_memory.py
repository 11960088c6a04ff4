"""Pages are written with the alerts that cause them; whoever was paged hears when one is over."""

from dataclasses import replace

import pytest

from watchkeeper.act import memory, page_memory
from watchkeeper.decide.paging.values import EndPage, OpenPage, PageState
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, OpenIncident, TurnPlan
from watchkeeper.store import decisions, notices, outbox, pages
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import open_memory

DE, FR = (AlertKey(rule="orders", label="country", value=country) for country in ("de", "fr"))
OPEN = OpenPage(
    key="orders",
    title="orders: de",
    policy="usual",
    severity="P2",
    service="api",
    alerts=(DE,),
    at_ns=100,
    outranks=frozenset({"P3"}),
)
INCIDENT = OpenIncident(
    title="orders", severity="P2", service=None, alerts=(DE,), at_ns=100, reason=Reason.SEVERITY_OPENS
)


@pytest.fixture
def state():
    one = open_memory()
    yield one
    one.close()


def write(state, *openings, **more):
    plan = TurnPlan(at_ns=100, pages=openings, **more)
    with state.transaction() as tx:
        memory.remember(tx, plan, meanings={}, revision=3)


def standing(state):
    with state.reading() as view:
        found = pages.standing(view)
        return found, pages.alerts_of(view, [row.id for row in found])


def paged(state, person="ada", *, state_="sent", address="phone", **more):
    row = NoticeRow(
        subject="page/1",
        kind="page",
        channel="ntfy",
        person=person,
        address=address,
        body={"page": 1, "title": "orders: de", "reason": "paged", "alerts": [str(DE)]},
        created_ns=100,
        due_ns=100,
        transition_id=1,
        state=state_,
        **more,
    )
    with state.transaction() as tx:
        outbox.add(tx, [row])


def rows(state, kind):
    with state.reading() as view:
        return [row for row in notices.of_subject(view, "page/1") if row.kind == kind]


def test_a_page_opens_at_once_due_in_the_first_step_of_the_first_round(state):
    write(state, OPEN)
    [row], alerts = standing(state)
    assert (row.state, row.due_ns, row.step, row.round, row.cycle, row.revision) == ("open", 100, 0, 0, 0, 3)
    assert (row.policy, row.severity, row.service, row.title) == ("usual", "P2", "api", "orders: de")
    assert alerts == {row.id: (str(DE),)}


def test_it_belongs_to_the_incident_that_its_alert_opens(state):
    write(state, OPEN, opens=(INCIDENT,))
    [row], _ = standing(state)
    assert row.incident_id == 1


def test_a_page_whose_alert_joins_an_incident_later_belongs_to_it_from_then_on(state):
    write(state, OPEN)
    write(state, replace(OPEN, alerts=(FR,)), opens=(replace(INCIDENT, alerts=(FR,)),))
    [row], _ = standing(state)
    assert row.incident_id == 1


def test_alerts_of_the_same_group_join_the_page_and_disturb_nobody_again(state):
    write(state, OPEN)
    with state.transaction() as tx:
        pages.change(tx, 1, state=PageState.ACKNOWLEDGED, due_ns=None, step=2)
    write(state, replace(OPEN, alerts=(FR,), at_ns=200))
    [row], alerts = standing(state)
    assert (row.state, row.due_ns, row.step) == ("acknowledged", None, 2)
    assert alerts == {1: (str(DE), str(FR))}


@pytest.mark.parametrize("stands", [PageState.OPEN, PageState.ACKNOWLEDGED, PageState.SNOOZED])
def test_a_page_that_becomes_more_severe_begins_again(state, stands):
    write(state, replace(OPEN, severity="P3", outranks=frozenset()))
    with state.transaction() as tx:
        pages.change(tx, 1, state=stands, due_ns=None, step=2, round=1, cycle=5)
    write(state, replace(OPEN, at_ns=200))
    [row], _ = standing(state)
    assert (row.state, row.severity, row.due_ns, row.reason) == ("open", "P2", 200, "severity-grew")
    assert (row.step, row.round, row.cycle) == (0, 0, 5)


def test_a_milder_alert_that_joins_does_not(state):
    write(state, OPEN)
    with state.transaction() as tx:
        pages.change(tx, 1, state=PageState.ACKNOWLEDGED, due_ns=None)
    write(state, replace(OPEN, severity="P3", alerts=(FR,), outranks=frozenset()))
    [row], _ = standing(state)
    assert (row.state, row.severity) == ("acknowledged", "P2")


def test_what_happens_anew_pages_again_where_the_page_was_acknowledged(state):
    write(state, replace(OPEN, happens=True))
    with state.transaction() as tx:
        pages.change(tx, 1, state=PageState.ACKNOWLEDGED, due_ns=None)
    write(state, replace(OPEN, happens=True, at_ns=200))
    [row], _ = standing(state)
    assert (row.state, row.due_ns, row.reason) == ("open", 200, "event")


def test_pieces_of_a_new_page_that_are_written_one_by_one_are_one_page(state):
    write(state, OPEN, replace(OPEN, alerts=(AlertKey(rule="web"),)))
    found, alerts = standing(state)
    assert (len(found), alerts) == (1, {1: (str(DE), "web")})


def test_after_a_page_has_ended_the_next_one_is_a_new_one(state):
    write(state, OPEN)
    write(state, page_ends=(EndPage(id=1, at_ns=150, reason=Reason.ALERTS_OVER),))
    assert standing(state)[0] == []
    write(state, replace(OPEN, at_ns=200))
    assert [row.id for row in standing(state)[0]] == [2]


def test_when_a_page_ends_what_is_unsent_is_cancelled_and_only_those_who_were_paged_hear_it(state):
    write(state, OPEN)
    paged(state, "ada")
    paged(state, "ada", address="mail", cycle=1)
    paged(state, "ada", cycle=2)
    paged(state, "bo", state_="due")
    paged(state, "cy", state_="failed")
    paged(state, "di", state_="unknown")
    write(state, page_ends=(EndPage(id=1, at_ns=300, reason=Reason.ALERTS_OVER),))
    over = rows(state, "page-over")
    assert sorted((row.person, row.address) for row in over) == [("ada", "mail"), ("ada", "phone"), ("di", "phone")]
    assert {row.due_ns for row in over} == {300}
    assert over[0].body["reason"] == "alerts-over"
    assert [row.state for row in rows(state, "page") if row.person == "bo"] == ["cancelled"]
    with state.reading() as view:
        said = decisions.of_alert(view, "page/1")
    assert {(row.person, row.verdict, row.reason) for row in said} == {
        ("ada", "send", "alerts-over"),
        ("di", "send", "alerts-over"),
    }


def test_a_page_that_ended_meanwhile_ends_only_once(state):
    write(state, OPEN)
    paged(state)
    end = EndPage(id=1, at_ns=300, reason=Reason.ALERTS_OVER)
    write(state, page_ends=(end,))
    write(state, page_ends=(replace(end, at_ns=400),))
    assert len(rows(state, "page-over")) == 1


def test_the_standing_pages_of_an_alert_are_known_with_all_their_alerts(state):
    write(state, OPEN, replace(OPEN, alerts=(FR,)))
    with state.reading() as view:
        assert page_memory.standing_of(view, [FR]) == {1: (DE, FR)}
        assert page_memory.standing_of(view, [AlertKey(rule="web")]) == {}
