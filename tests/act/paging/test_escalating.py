"""
Does a page climb until somebody has it: at the right times, to the right people, with a reason for everyone left out?
"""

from __future__ import annotations

from tests.act.paging.scene import HOOK, MINUTE_NS, Scene, a_manual, people
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.paging import escalating
from watchkeeper.decide.reasons import Reason
from watchkeeper.store import carried, incidents, outbox, pages
from watchkeeper.store.incidents import IncidentRow

STEPS = [{"person": "ada"}, {"person": "bo", "after": "5m"}, {"person": "cy", "after": "10m"}]


def night(steps: object = None, **policy: object) -> dict[str, object]:
    return {"night": {"steps": STEPS if steps is None else steps, **policy}}


def a_scene(steps: object = None, *, who: dict[str, object] | None = None, **policy: object) -> Scene:
    return Scene(a_manual(people=who or people("ada", "bo", "cy"), policies=night(steps, **policy)))


def test_a_page_climbs_step_by_step_and_round_by_round_until_it_is_exhausted():
    scene = a_scene(repeat=1, repeat_after="10m")
    number = scene.page()
    scene.run(80)
    assert scene.said() == [
        "0 ada push paged",
        "5 bo push escalated",
        "15 cy push escalated",
        "25 ada push paged-again",
        "30 bo push escalated",
        "40 cy push escalated",
    ]
    assert (scene.row(number).reason, scene.row(number).due_ns, scene.row(number).state) == ("exhausted", None, "open")
    assert scene.decided(number)[-1].reason == "exhausted"


def test_the_end_of_the_rounds_is_told_to_the_last_channels_and_goes_on_by_the_policy_of_incidents():
    manual = a_manual(
        people=people("ada", "boss"),
        policies={
            "night": {"steps": [{"person": "ada"}, {"channel": "chat"}], "repeat": 0},
            "major": {"steps": [{"person": "boss"}], "repeat": 0},
        },
        incidents={"policy": "major"},
    )
    scene = Scene(manual)
    number = scene.page()
    scene.run(30)
    assert sorted(scene.said()) == [
        "0 ada push paged",
        "10 boss push escalated",
        "10 chat exhausted",
        "5 chat escalated",
    ]
    assert scene.row(number).reason == "exhausted"


def test_who_cannot_be_reached_is_skipped_at_once_with_the_reason():
    scene = Scene(
        a_manual(
            channels={"push": HOOK, "gone": {**HOOK, "planned": True}},
            people=people("cy", ada={}, bo={"channels": "gone"}),
            policies=night(),
        )
    )
    number = scene.page()
    scene.run(1)
    assert scene.said() == ["0 cy push paged"]
    assert [line.partition(":")[0] for line in scene.refused(number)] == ["ada unreachable", "bo unreachable"]


def test_a_dead_channel_is_skipped_unless_another_carries_its_messages():
    scene = a_scene()
    scene.dead["push"] = "HOOK is not set"
    number = scene.page()
    scene.run(1)
    assert scene.said() == []
    assert "ada unreachable: HOOK is not set" in scene.refused(number)

    channels = {"push": {**HOOK, "fallback": "mail"}, "mail": HOOK}
    scene = Scene(a_manual(channels=channels, people=people("ada", "bo", "cy"), policies=night()))
    scene.dead["push"] = "HOOK is not set"
    scene.page()
    scene.run(1)
    assert len(scene.sent) == 1


def test_nobody_on_call_is_skipped_at_once_and_an_override_counts():
    manual = a_manual(
        people=people("ada", "bo"),
        schedules={"team": {"rotation": {"every": "1w", "people": ["ada"], "during": [{"days": ["Sunday"]}]}}},
        policies=night([{"schedule": "team"}, {"person": "bo", "after": "5m"}]),
    )
    scene = Scene(manual)  # a Monday
    number = scene.page()
    scene.run(1)
    assert scene.said() == ["0 bo push paged"]
    assert scene.refused(number) == [" nobody-on-call: schedule team"]


def test_a_step_for_other_severities_is_no_part_of_the_ladder():
    steps = [{"person": "ada"}, {"person": "bo", "after": "5m", "severity": "P1"}, {"person": "cy", "after": "10m"}]
    manual = a_manual(people=people("ada", "bo", "cy"), policies=night(steps), severities={"P1": {}, "P2": {}})
    scene = Scene(manual)
    number = scene.page(severity="P2")
    scene.run(12)
    assert scene.said() == ["0 ada push paged", "10 cy push escalated"]
    assert [one.reason for one in scene.decided(number)] == ["paged", "other-severity", "escalated"]


def test_one_person_by_two_ways_of_a_step_is_paged_once():
    scene = a_scene([{"person": ["ada", "ada"], "everyone": True}])
    number = scene.page()
    scene.run(1)
    assert sorted(row.person for _, row in scene.sent) == ["ada", "bo", "cy"]
    assert [line.partition(":")[0] for line in scene.refused(number)] == ["ada already-paged"] * 2


def test_the_severity_says_how_long_a_step_waits_that_does_not():
    manual = a_manual(
        people=people("ada", "bo"),
        severities={"P1": {"escalate": "15m"}},
        policies=night([{"person": "ada"}, {"person": "bo"}]),
    )
    scene = Scene(manual)
    scene.page()
    scene.run(16)
    assert scene.heard("bo") == [15]


def test_an_alert_that_says_when_it_goes_further_says_so_for_its_page():
    signals = {"streams": {"jobs": {"spans": "name == 'job'"}}, "indicators": {"good": {"from": "jobs", "good": "ok"}}}
    alert = {"indicator": "good", "when": "< 95%"}
    manual = a_manual(
        **signals,
        people=people("ada", "bo"),
        severities={"P1": {"escalate": "15m"}},
        alerts={"slow": alert, "disk": {**alert, "escalate": "7m"}, "later": {**alert, "escalate": "1h"}},
        policies=night([{"person": "ada"}, {"person": "bo"}]),
    )
    scene = Scene(manual)
    own, usual = scene.page("disk"), scene.page("slow")
    with scene.state.transaction() as tx:
        pages.add_members(tx, [(own, "disk[host=a]"), (own, "later"), (usual, "slow")])
    scene.run(16)
    assert [(at, row.transition_id) for at, row in scene.sent if row.person == "bo"] == [(7, own), (15, usual)]


def test_a_first_step_may_wait():
    scene = a_scene([{"person": "ada", "after": "3m"}])
    scene.page()
    scene.run(4)
    assert scene.heard("ada") == [3]


def test_everyone_is_paged_by_a_policy_that_has_no_name():
    scene = a_scene()
    scene.page(policy="")
    scene.run(1)
    assert sorted(row.person for _, row in scene.sent) == ["ada", "bo", "cy"]


# --- personal rules, quiet hours, throttles


def test_personal_rules_come_one_after_the_other_and_the_same_way_may_come_again():
    rules = [{"by": "push"}, {"by": "push", "after": "2m"}, {"by": "mail", "after": "4m"}]
    ada = {"contacts": {"push": {"channel": "push"}, "mail": {"channel": "mail"}}, "rules": rules}
    scene = a_scene(who=people("bo", "cy", ada=ada))
    scene.page()
    scene.run(5.5)
    assert scene.said() == ["0 ada push paged", "2 ada push paged", "4 ada mail paged", "5 bo push escalated"]


def test_what_is_due_later_does_not_hold_up_the_next_step():
    ada = {"contacts": {"push": {"channel": "push"}}, "rules": [{"by": "push"}, {"by": "push", "after": "30m"}]}
    scene = a_scene([{"person": "ada"}, {"person": "ada", "after": "5m"}], who=people(ada=ada))
    scene.page()
    scene.run(6)
    assert scene.heard("ada") == [0, 5]


def test_quiet_hours_hold_these_severities_and_the_ladder_waits_with_them():
    ada = {"channels": "push", "quiet": [{"from": "22:00", "to": "07:00", "severity": "P3"}], "zone": "Europe/Berlin"}
    manual = a_manual(people=people("bo", "cy", ada=ada), severities={"P1": {}, "P3": {}}, policies=night())
    scene = Scene(manual, start="2026-03-03T05:30:00Z")  # 06:30 in Berlin
    scene.page("loud", severity="P1")
    number = scene.page("soft", severity="P3")
    scene.run(36)
    soft = [(at, row.person) for at, row in scene.sent if row.subject == f"page/{number}"]
    assert soft == [(30, "ada"), (35, "bo")]
    assert scene.heard("ada")[0] == 0
    assert scene.decided(number)[0].reason == "quiet-hours"


def test_over_the_throttle_pages_arrive_as_one_bundle_at_once():
    scene = Scene(
        a_manual(
            people=people("ada"), defaults={"throttle": {"count": 3, "per": "10m"}}, policies=night([{"person": "ada"}])
        )
    )
    numbers = [scene.page(f"alert-{i}") for i in range(15)]
    scene.run(0)
    assert len(scene.heard("ada")) == 3
    ((at, bundle),) = [(at, row) for at, row in scene.sent if row.kind == "bundle"]
    assert (at, bundle.body["count"], bundle.body["pages"]) == (0, 12, numbers[3:])
    assert scene.messages(numbers[-1])[0].reason == "bundled"
    assert scene.decided(numbers[-1])[-1].reason == "throttled"

    scene.acknowledge(*bundle.body["pages"])
    assert {scene.row(number).state for number in numbers[3:]} == {"acknowledged"}


def test_right_after_a_bundle_the_next_ones_gather_for_a_minute():
    scene = Scene(
        a_manual(
            people=people("ada"), defaults={"throttle": {"count": 1, "per": "10m"}}, policies=night([{"person": "ada"}])
        )
    )
    for i in range(3):
        scene.page(f"first-{i}")
    scene.run(0)
    for i in range(4):
        scene.page(f"second-{i}")
        scene.run(0.1, step=0.1)
    scene.run(1, step=0.1)
    assert [round(at, 1) for at in scene.heard("ada", "bundle")] == [0, 1.0]


def test_an_acknowledged_page_leaves_a_bundle_that_is_not_sent_yet():
    scene = Scene(
        a_manual(
            people=people("ada"), defaults={"throttle": {"count": 1, "per": "10m"}}, policies=night([{"person": "ada"}])
        )
    )
    numbers = [scene.page(f"alert-{i}") for i in range(4)]
    escalating.run(scene.state, scene.standing, now_ns=scene.clock.now_ns())
    scene.acknowledge(numbers[1])
    with scene.state.reading() as view:
        (bundle,) = carried.unsent_bundles(view)
    assert (bundle.body["pages"], bundle.body["count"]) == (numbers[2:], 2)
    scene.acknowledge(*numbers[2:])
    scene.work()
    assert [row.kind for _, row in scene.sent] == ["page"]


# --- what people do


def test_an_acknowledgement_ends_all_that_is_unsent_and_the_ladder():
    ada = {"contacts": {"push": {"channel": "push"}}, "rules": [{"by": "push"}, {"by": "push", "after": "4m"}]}
    scene = a_scene(who=people("bo", "cy", ada=ada))
    number = scene.page()
    scene.run(3)
    scene.acknowledge(number)
    scene.run(60)
    assert scene.said() == ["0 ada push paged"]
    assert [(row.state, row.reason) for row in scene.messages(number)] == [
        ("sent", "paged"),
        ("cancelled", "acknowledged"),
    ]
    row = scene.row(number)
    assert (row.state, row.by, row.acknowledged_ns) == ("acknowledged", "ada", scene.begun_ns + 3 * MINUTE_NS)


def test_an_acknowledgement_lapses_when_nothing_follows_and_not_when_it_is_renewed():
    scene = a_scene([{"person": "ada"}], lapses="10m")
    number = scene.page()
    scene.run(1)
    scene.acknowledge(number)
    scene.run(6)
    scene.acknowledge(number)
    scene.run(9)
    assert scene.heard("ada") == [0]
    scene.run(2)
    assert scene.said()[1:] == ["17 ada push lapsed"]
    assert scene.row(number).state == "open"


def test_what_follows_on_the_incident_keeps_the_acknowledgement():
    scene = a_scene([{"person": "ada"}], lapses="10m")
    incident = IncidentRow(number=1, title="t", severity="P1", state="open", opened_ns=0, revision=1)
    with scene.state.transaction() as tx:
        incident_id = incidents.add(tx, incident)
    number = scene.page(incident_id=incident_id)
    scene.run(1)
    scene.acknowledge(number)
    scene.run(2)
    note = incidents.TimelineRow(
        incident_id=incident_id, at_ns=scene.clock.now_ns(), kind="note", text="looking", by="ada"
    )
    with scene.state.transaction() as tx:
        incidents.add_timeline(tx, [note])
    scene.run(60)
    assert scene.heard("ada") == [0]
    with scene.state.reading() as view:
        found = incidents.by_id(view, incident_id)
    assert found is not None
    assert found.acknowledged_by == "ada"


def test_a_snoozed_page_comes_back_when_its_time_is_over():
    scene = a_scene()
    number = scene.page()
    scene.run(1)
    scene.desk.snooze(number, for_ns=20 * MINUTE_NS, by="ada")
    scene.run(27)
    assert scene.said() == ["0 ada push paged", "21 ada push snooze-over", "26 bo push escalated"]


def test_escalating_by_hand_pages_the_next_at_once_even_of_an_acknowledged_page():
    scene = a_scene()
    number = scene.page()
    scene.run(1)
    scene.acknowledge(number)
    scene.desk.escalate(number, by="ada")
    scene.run(1)
    assert scene.said() == ["0 ada push paged", "1 bo push by-a-person"]


def test_giving_it_back_begins_again():
    scene = a_scene()
    number = scene.page()
    scene.run(6)
    scene.acknowledge(number, by="bo")
    scene.desk.unacknowledge(number, by="bo")
    scene.run(1)
    assert scene.said()[-1] == "6 ada push by-a-person"


def test_ending_a_page_by_hand_tells_those_who_were_paged():
    scene = a_scene()
    number = scene.page()
    scene.run(1)
    scene.desk.resolve(number, by="bo", reason="false alarm")
    scene.run(30)
    assert [(at, row.person, row.kind) for at, row in scene.sent] == [(0, "ada", "page"), (1, "ada", "page-over")]
    last = scene.decided(number)
    assert any((one.verdict, one.person, one.because_of) == ("resolve", "bo", "false alarm") for one in last)


def test_a_test_page_goes_by_every_way_at_once_and_says_what_does_not_work():
    ada = {
        "contacts": {"push": {"channel": "push"}, "mail": {"channel": "mail"}},
        "rules": [{"by": "push", "after": "10m", "severity": "P1"}],
    }
    scene = a_scene(who=people("bo", "cy", ada=ada))
    scene.dead["mail"] = "no address"
    sends = scene.desk.test("ada", by="bo")
    scene.work()
    assert {(one.method, one.send) for one in sends} == {("push", True), ("mail", False)}
    assert [(row.kind, row.person) for _, row in scene.sent] == [("test", "ada")]


def test_a_missed_deadline_pages_by_the_policy_of_incidents_and_then_climbs():
    manual = a_manual(people=people("ada", "bo", "cy"), policies=night(), incidents={"policy": "night"})
    scene = Scene(manual)
    row = IncidentRow(number=7, title="Shop is down", severity="P1", state="open", opened_ns=0, revision=1)
    with scene.state.transaction() as tx:
        incident_id = incidents.add(tx, row)
        found = incidents.by_id(tx, incident_id)
        assert found is not None
        escalating.escalate_incident(
            tx, found, scene.standing, reason=Reason.DEADLINE_MISSED, at_ns=scene.clock.now_ns()
        )
    scene.run(1)
    with scene.state.transaction() as tx:
        escalating.escalate_incident(
            tx, found, scene.standing, reason=Reason.DEADLINE_MISSED, at_ns=scene.clock.now_ns()
        )
        assert len(pages.of_incident(tx, incident_id)) == 1
    scene.run(1)
    assert scene.said() == ["0 ada push deadline-missed", "1 bo push deadline-missed"]
    assert scene.sent[0][1].body["incident"] == 7


# --- sending


def test_a_step_whose_messages_all_failed_for_good_is_left_at_once():
    scene = a_scene()
    scene.phones["push"].does = lambda row: (
        Failed(why="gone", retryable=False) if row.person == "ada" else Sent(status=200)
    )
    scene.page()
    scene.run(1)
    assert scene.said() == ["0 ada push paged", "0.5 bo push escalated"]


def test_a_failed_attempt_is_not_repeated_once_somebody_has_it():
    scene = a_scene()
    number = scene.page()

    def fails(_: object) -> Failed:
        scene.acknowledge(number)  # while the attempt runs
        return Failed(why="busy", retryable=True)

    scene.phones["push"].does = fails
    scene.run(30)
    assert scene.heard() == [0]
    assert [row.state for row in scene.messages(number)] == ["cancelled"]


def test_after_a_crash_in_an_attempt_the_page_is_sent_once_more_unless_somebody_has_it():
    scene = a_scene([{"person": "ada"}], repeat=0)
    mine, theirs = scene.page("a"), scene.page("b")
    escalating.run(scene.state, scene.standing, now_ns=scene.clock.now_ns())
    with scene.state.transaction() as tx:
        outbox.claim_due(tx, now_ns=scene.clock.now_ns(), lease_ns=1, worker="gone", limit=2)
    scene.acknowledge(mine)
    scene.restart()
    scene.run(4)
    assert [row.subject for _, row in scene.sent] == [f"page/{theirs}"]
    assert [row.state for row in scene.messages(mine)] == ["unknown"]
    assert [row.state for row in scene.messages(theirs)] == ["unknown", "sent"]
