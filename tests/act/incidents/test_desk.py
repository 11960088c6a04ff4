"""What people do with an incident, and what stands on the record afterwards."""

import pytest

from tests.act.incidents.desk_of import Desk, desk_of
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.incidents.desk import NotNow, Several, Unfit
from watchkeeper.decide.process import Clock
from watchkeeper.store import audit, notices, pages

MINUTE = 60 * 10**9


@pytest.fixture
def shop():
    made = desk_of()
    yield made
    made.state.close()


def opened(shop: Desk, *, severity: str = "P1", title: str = "Orders fail", alerts: tuple[str, ...] = ()):
    for key in alerts:
        shop.alert(key)
    return shop.desk.open(title=title, severity=severity, by="bo", service="shop", alerts=alerts)


def clock(shop: Desk, name: str, number: int = 1) -> Clock:
    return next(one for one in shop.desk.case(number).clocks if one.name == name)


def kinds(shop: Desk, number: int = 1) -> list[str]:
    return [one.kind for one in shop.desk.case(number).timeline]


def said(shop: Desk, kind: str, number: int = 1) -> list[str]:
    return [one.text for one in shop.desk.case(number).timeline if one.kind == kind]


def messages(shop: Desk) -> list[tuple[str, str, str]]:
    with shop.state.reading() as view:
        rows = [row for row in notices.recent(view, most=100) if row.kind == "incident"]
    return [(row.channel, row.person, row.body["text"]) for row in reversed(rows)]


class TestOpening:
    def test_starts_the_clocks_after_the_detection_and_says_where_its_own_channel_is(self, shop):
        opened(shop)
        case = shop.desk.case(1)
        assert case.incident.stage == "Acknowledge"
        assert {one.name: (one.due_ns - one.started_ns) // MINUTE for one in case.clocks} == {
            "respond": 15,
            "escalate": 60,
            "recover": 120,
            "stage Acknowledge": 2,
            "stage Assess": 5,
            "stage Post-mortem": 48 * 60,
        }
        assert said(shop, "channel") == ["its own channel is https://chat.shop.test/inc-1"]

    def test_pages_by_the_policy_of_incidents(self, shop):
        opened(shop)
        with shop.state.reading() as view:
            (page,) = pages.standing(view)
        assert (page.policy, page.incident_id) == ("standard", shop.desk.case(1).row.id)

    @pytest.mark.parametrize(
        ("wrong", "says", "nearest"),
        [
            ({"severity": "P11"}, "found no severity 'P11'", ("P1",)),
            ({"title": " "}, "found no title", ()),
            ({"service": "shopp"}, "found no service 'shopp'", ("shop",)),
            ({"alerts": ["order"]}, "found no alert 'order'", ("orders",)),
        ],
    )
    def test_refuses_what_the_manual_does_not_know(self, shop, wrong, says, nearest):
        right = {"title": "Orders fail", "severity": "P1"}
        with pytest.raises(Unfit, match=says) as refusal:
            shop.desk.open(**{**right, **wrong}, by="bo")
        assert set(refusal.value.nearest) >= set(nearest)
        assert shop.desk.recent() == []


class TestAcknowledging:
    def test_meets_the_clocks_goes_on_and_makes_a_responder(self, shop):
        opened(shop)
        shop.clock.move(seconds=90)
        shop.desk.acknowledge(1, by="bo", assignee="Ada Reyes")
        case = shop.desk.case(1)
        assert (case.incident.acknowledged_by, case.incident.stage) == ("ada", "Assess")
        assert clock(shop, "respond").met_ns == clock(shop, "stage Acknowledge").met_ns == shop.clock.now_ns()
        assert [(one.role, one.person) for one in case.roles] == [("responders", "ada")]
        assert said(shop, "acknowledged") == ["ada has it, 1 min 30 s after it opened"]

    def test_takes_the_pages_too(self, shop):
        opened(shop)
        shop.desk.acknowledge(1, by="ada")
        with shop.state.reading() as view:
            assert [row.state for row in pages.standing(view)] == ["acknowledged"]

    def test_without_a_number_means_the_only_one_that_nobody_has(self, shop):
        with pytest.raises(NotNow, match="no open incident waits"):
            shop.desk.acknowledge(by="ada")
        opened(shop)
        opened(shop, title="Disk is full")
        with pytest.raises(Several) as several:
            shop.desk.acknowledge(by="ada")
        assert [one.number for one in several.value.found] == [1, 2]
        shop.desk.acknowledge(2, by="bo")
        assert shop.desk.acknowledge(by="ada").number == 1

    def test_wants_a_person_whom_the_manual_knows(self, shop):
        opened(shop)
        with pytest.raises(Unfit, match="found no person 'adda'") as refusal:
            shop.desk.acknowledge(1, by="bo", assignee="adda")
        assert refusal.value.nearest == ("ada",)
        assert shop.desk.case(1).incident.acknowledged_by is None

    def test_of_a_closed_one_is_refused(self, shop):
        opened(shop)
        shop.desk.close(1, by="ada")
        with pytest.raises(NotNow, match="closed already: by ada"):
            shop.desk.acknowledge(1, by="bo")


class TestStages:
    def test_follow_each_other_and_meet_their_clocks(self, shop):
        opened(shop)
        shop.desk.acknowledge(1, by="ada")
        shop.clock.move(minutes=3)
        shop.desk.stage(1, by="ada")
        case = shop.desk.case(1)
        assert case.incident.stage == "Communicate"
        assert clock(shop, "stage Assess").met_ns == shop.clock.now_ns()
        assert [(one.stage, (one.left_ns or 0) - one.entered_ns) for one in case.stages[:3]] == [
            ("Detection", 0),
            ("Acknowledge", 0),
            ("Assess", 3 * MINUTE),
        ]

    def test_tell_those_whom_they_name_and_say_whom_they_cannot_reach(self, shop):
        opened(shop)
        shop.desk.stage(1, by="ada", to="Communicate")
        told = [one for one in messages(shop) if one[2] == "stage Communicate"]
        assert told == [("rooms", "", "stage Communicate"), ("rooms", "contact:press", "stage Communicate")]
        refused = [(one.channel, one.person, one.reason) for one in shop.desk.case(1).refused]
        assert set(refused) >= {("later", "", "planned-channel"), ("", "contact:legal", "unreachable")}

    def test_take_the_incident_for_whoever_moves_it(self, shop):
        opened(shop)
        assert shop.desk.stage(1, by="bo", to="Assess").acknowledged_by == "bo"

    def test_end(self, shop):
        opened(shop)
        shop.desk.stage(1, by="bo", to="Post-mortem")
        assert shop.desk.stage(1, by="bo").stage == ""
        assert clock(shop, "stage Post-mortem").met_ns == shop.clock.now_ns()
        with pytest.raises(NotNow, match="been through all stages"):
            shop.desk.stage(1, by="bo")

    def test_are_those_of_the_manual(self, shop):
        opened(shop)
        with pytest.raises(Unfit, match="found no stage 'Asess'; wanted one of: Detection") as refusal:
            shop.desk.stage(1, by="bo", to="Asess")
        assert refusal.value.nearest == ("Assess",)


class TestAMissedDeadline:
    def test_is_on_the_record_told_and_escalates_once(self, shop):
        opened(shop)
        shop.later(minutes=2)
        assert said(shop, "missed") == ["deadline missed: stage Acknowledge was not done within 2 min"]
        told = [one for one in messages(shop) if "missed" in one[2]]
        assert [one[:2] for one in told] == [("rooms", "")]
        shop.tick()
        shop.later(seconds=30)
        assert len(said(shop, "missed")) == 1

    def test_is_not_missed_when_it_was_met_in_time(self, shop):
        opened(shop)
        shop.desk.acknowledge(1, by="ada")
        shop.later(minutes=20)
        assert said(shop, "missed") == ["deadline missed: stage Assess was not done within 5 min"]

    def test_of_an_update_is_owed_again_and_calls_nobody(self, shop):
        opened(shop, severity="P0")
        shop.desk.acknowledge(1, by="ada")
        shop.desk.stage(1, by="ada", to="Communicate")
        shop.later(minutes=10)
        assert said(shop, "missed") == ["deadline missed: nobody has said for 10 min how it goes"]
        assert clock(shop, "update").due_ns == shop.clock.now_ns() + 10 * MINUTE
        with shop.state.reading() as view:
            assert [row.state for row in pages.standing(view)] == ["acknowledged"]

    def test_of_the_report_is_found_after_the_closing(self, shop):
        opened(shop)
        shop.desk.close(1, by="ada")
        assert clock(shop, "report").due_ns == shop.clock.now_ns() + 24 * 60 * MINUTE
        shop.later(hours=24)
        assert said(shop, "missed") == ["deadline missed: the report was not written within 1 d"]


class TestRecovery:
    def test_is_when_the_last_alert_is_over_and_not_when_it_fires_again(self, shop):
        opened(shop, alerts=("orders", "disk"))
        shop.clock.move(minutes=5)
        shop.alert("orders", "resolved")
        shop.later(minutes=1)
        assert clock(shop, "recover").met_ns is None
        shop.alert("disk", "resolved")
        over_ns = shop.clock.now_ns()
        shop.later(minutes=1)
        assert clock(shop, "recover").met_ns == clock(shop, "escalate").met_ns == over_ns
        shop.alert("disk")
        shop.later(minutes=1)
        assert clock(shop, "recover").met_ns is None

    def test_too_late_goes_further(self, shop):
        opened(shop, alerts=("orders",))
        shop.desk.acknowledge(1, by="ada")
        shop.desk.stage(1, by="ada", to="Communicate")
        shop.later(hours=1)
        assert said(shop, "escalated") == ["not over after 1 h: it goes further"]
        with shop.state.reading() as view:
            assert [row.state for row in pages.standing(view)] == ["open"]


class TestClosing:
    def test_goes_on_with_what_is_left_to_do_and_can_be_undone(self, shop):
        opened(shop)
        shop.desk.acknowledge(1, by="ada")
        shop.clock.move(minutes=3)
        shop.desk.close(1, by="ada")
        assert shop.desk.case(1).incident.stage == "Post-mortem"
        assert clock(shop, "stage Post-mortem").met_ns is None
        shop.clock.move(minutes=1)
        shop.desk.reopen(1, by="bo")
        case = shop.desk.case(1)
        assert (case.incident.closed_ns, case.incident.stage) == (None, "Assess")
        assert clock(shop, "stage Assess").met_ns is None
        assert clock(shop, "respond").met_ns is not None
        assert "report" not in {one.name for one in case.clocks}

    def test_by_rule_goes_on_as_well(self, shop):
        from watchkeeper.act.incidents import journal

        opened(shop)
        with shop.state.transaction() as tx:
            journal.close_incident(tx, 1, at_ns=shop.clock.now_ns(), by="watchkeeper", reason="alerts-resolved")
        shop.tick()
        assert shop.desk.case(1).incident.stage == "Post-mortem"
        assert clock(shop, "report").runs
        assert shop.tick() is False

    def test_ends_the_page_that_it_had_of_its_own(self, shop):
        opened(shop)
        shop.desk.close(1, by="ada")
        with shop.state.reading() as view:
            assert pages.standing(view) == []
        assert shop.desk.case(1).incident.acknowledged_by == "ada"


class TestSeverity:
    def test_moves_the_deadlines_and_is_told(self, shop):
        opened(shop)
        shop.clock.move(minutes=1)
        shop.desk.change_severity(1, "P0", by="ada", reason="nobody can pay")
        assert (clock(shop, "respond").due_ns - clock(shop, "respond").started_ns) // MINUTE == 5
        assert "escalate" not in {one.name for one in shop.desk.case(1).clocks}
        assert said(shop, "severity") == ["P1 → P0: nobody can pay"]
        assert messages(shop)[-1] == ("rooms", "", "P1 → P0: nobody can pay")


class TestRoles:
    def test_pass_from_one_to_the_next_but_several_respond(self, shop):
        opened(shop)
        shop.desk.take_role(1, "commander", person="ada", by="bo")
        shop.desk.take_role(1, "commander", person="bo", by="bo")
        for one in ("ada", "bo"):
            shop.desk.take_role(1, "responders", person=one, by=one)
        shop.desk.take_role(1, "vendor liaison", person="ada", by="bo")
        shop.desk.give_up_role(1, "vendor liaison", person="ada", by="ada")
        held = {(one.role, one.person) for one in shop.desk.case(1).roles}
        assert held == {("commander", "bo"), ("responders", "ada"), ("responders", "bo")}
        assert "bo is commander, after ada" in said(shop, "role")

    def test_are_known_and_taken_by_known_people(self, shop):
        opened(shop)
        with pytest.raises(Unfit, match="found no role 'comander'"):
            shop.desk.take_role(1, "comander", person="ada", by="bo")
        with pytest.raises(Unfit, match="found no person 'eve'"):
            shop.desk.take_role(1, "scribe", person="eve", by="bo")


class TestTheTimeline:
    def test_keeps_what_a_note_said_before(self, shop):
        opened(shop)
        line = shop.desk.note(1, "the bank is down", by="ada")
        shop.clock.move(minutes=1)
        edited = shop.desk.edit(1, line.id, "the bank's certificate ran out", by="bo")
        assert (edited.text, edited.by, edited.edited_by) == ("the bank's certificate ran out", "ada", "bo")
        assert [(one.text, one.by) for one in shop.desk.case(1).edits] == [("the bank is down", "bo")]

    def test_cannot_be_changed_where_the_watch_wrote_it_or_in_another_incident(self, shop):
        opened(shop)
        opened(shop, title="Another")
        note = shop.desk.note(2, "mine", by="ada")
        with pytest.raises(NotNow, match="a line that the watch wrote"):
            shop.desk.edit(1, shop.desk.case(1).timeline[0].id, "no", by="ada")
        with pytest.raises(Unfit, match="no entry"):
            shop.desk.edit(1, note.id, "no", by="ada")

    def test_has_ticks_and_their_undoing(self, shop):
        opened(shop)
        shop.desk.step(1, "Assess", 1, by="ada", note="it is bo")
        assert [(one.stage, one.position, one.note) for one in shop.desk.case(1).steps] == [("Assess", 1, "it is bo")]
        shop.desk.step(1, "Assess", 1, by="ada", done=False)
        assert shop.desk.case(1).steps == ()
        assert said(shop, "step") == ["done: Name a commander (it is bo)", "not done after all: Name a commander"]
        with pytest.raises(Unfit, match="found no step 3"):
            shop.desk.step(1, "Assess", 2, by="ada")

    def test_has_what_is_known_and_what_is_affected(self, shop):
        opened(shop)
        shop.desk.summarise(1, "cards fail", by="ada")
        shop.desk.affect(1, ["cart"], by="ada")
        case = shop.desk.case(1)
        assert (case.incident.summary, case.incident.services) == ("cards fail", ("cart",))
        assert kinds(shop)[-2:] == ["summary", "services"]

    def test_tells_an_update_and_owes_the_next_one_from_then(self, shop):
        opened(shop, severity="P0")
        shop.clock.move(minutes=4)
        shop.desk.update(1, "a third of the orders fail", by="ada")
        assert messages(shop)[-1] == ("rooms", "", "a third of the orders fail")
        assert clock(shop, "update").due_ns == shop.clock.now_ns() + 10 * MINUTE


class TestWhatBelongsTogether:
    def test_goes_on_as_one_and_comes_apart_again(self, shop):
        opened(shop, alerts=("orders",))
        opened(shop, title="Disk is full", alerts=("disk",))
        shop.desk.merge(2, into=1, by="ada")
        one, two = shop.desk.case(1), shop.desk.case(2)
        assert one.incident.alerts == ("disk", "orders")
        assert (two.incident.close_reason, two.into and two.into.number) == ("merged-into", 1)
        assert [it.number for it in one.merged] == [2]
        assert {page.incident_id for page in one.pages} == {one.row.id}
        shop.desk.reopen(2, by="ada")
        assert shop.desk.case(1).incident.alerts == ("orders",)
        assert shop.desk.case(2).into is None

    def test_goes_on_with_the_worse_severity_of_both_and_its_deadlines(self, shop):
        opened(shop, severity="P1")
        opened(shop, severity="P0", title="All is down")
        shop.desk.merge(2, into=1, by="ada")
        assert shop.desk.case(1).incident.severity == "P0"
        assert clock(shop, "respond").due_ns == shop.clock.now_ns() + 5 * MINUTE
        assert [line.text for line in shop.desk.case(1).timeline if line.kind == "severity"] == ["P1 → P0: as #2 was"]

    def test_does_not_go_on_with_a_milder_one(self, shop):
        opened(shop, severity="P0")
        opened(shop, severity="P1", title="Another")
        shop.desk.merge(2, into=1, by="ada")
        assert shop.desk.case(1).incident.severity == "P0"
        assert clock(shop, "recover").due_ns == shop.clock.now_ns() + 15 * MINUTE

    def test_does_not_go_on_as_itself_or_as_a_closed_one(self, shop):
        opened(shop)
        opened(shop, title="Another")
        with pytest.raises(Unfit, match="found incident 1 twice"):
            shop.desk.merge(1, into=1, by="ada")
        shop.desk.close(2, by="ada")
        with pytest.raises(NotNow, match="incident 2 is closed already"):
            shop.desk.merge(1, into=2, by="ada")

    def test_is_split_into_an_incident_with_clocks_of_its_own(self, shop):
        opened(shop, alerts=("orders", "disk"))
        shop.clock.move(minutes=10)
        new = shop.desk.split(1, ["disk"], title="The disk", by="ada")
        assert (new.number, new.alerts, new.opened_ns) == (2, ("disk",), shop.clock.now_ns())
        assert shop.desk.case(1).incident.alerts == ("orders",)
        assert clock(shop, "respond", 2).due_ns == shop.clock.now_ns() + 15 * MINUTE
        with pytest.raises(Unfit, match="all or none"):
            shop.desk.split(1, ["orders"], title="", by="ada")
        with pytest.raises(Unfit, match="none of its alerts"):
            shop.desk.split(1, ["disk"], title="", by="ada")

    def test_takes_alerts_in_and_lets_them_go(self, shop):
        opened(shop)
        shop.alert("disk")
        assert shop.desk.attach(1, ["disk"], by="ada").alerts == ("disk",)
        assert shop.desk.detach(1, ["disk"], by="ada").alerts == ()


def test_every_deed_stands_in_the_audit_log_with_who_and_through_what(shop):
    ann = Visitor(name="ann", person="ada", through="session")
    opened(shop)
    shop.desk.acknowledge(1, by=ann)
    shop.desk.note(1, "on it", by=ann)
    shop.desk.close(1, by=ann)
    with shop.state.reading() as view:
        rows = [(row.who, row.through, row.action) for row in audit.recent(view, target="incident/1")]
    assert [row for row in rows if row[0] == "ann"] == [
        ("ann", "session", "incident.close"),
        ("ann", "session", "incident.note"),
        ("ann", "session", "incident.acknowledge"),
    ]


def test_how_long_it_took_is_counted_over_what_was_not_merged(shop):
    begin_ns = shop.clock.now_ns()
    opened(shop)
    opened(shop, title="The same")
    shop.clock.move(minutes=4)
    shop.desk.acknowledge(1, by="ada")
    shop.desk.merge(2, into=1, by="ada")
    shop.clock.move(minutes=6)
    shop.desk.close(1, by="ada")
    found = shop.desk.times(begin_ns=begin_ns, end_ns=shop.clock.now_ns())
    assert found.incidents == 1
    assert found.acknowledge is not None
    assert found.resolve is not None
    assert (found.acknowledge.mean_ns, found.resolve.mean_ns) == (4 * MINUTE, 10 * MINUTE)
    assert found.stages["Assess"].mean_ns == 6 * MINUTE
    assert (found.clocks["respond"].met, found.clocks["stage Acknowledge"].missed) == (1, 1)


def test_nobody_finds_an_incident_that_is_not_there(shop):
    with pytest.raises(KeyError):
        shop.desk.note(7, "hello", by="ada")
