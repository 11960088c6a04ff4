"""
A watch that is opened, reloaded and opened again, with its real files and threads.
"""

from pathlib import Path

import pytest

from watchkeeper.act.fallback import hearers
from watchkeeper.act.sender import Sender
from watchkeeper.daemon import LATE_MESSAGE_NS, CannotStart, Daemon, OtherGrid, Settings
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.store import outbox
from watchkeeper.store.errors import FolderInUse
from watchkeeper.store.notices import NoticeRow
from watchkeeper.testing import HandClock

MANUAL = """
watchkeeper: 1
manual: Shop
streams: {orders: {events: 'name == "order"'}}
indicators: {orders: {from: orders, bad: 'status == "failed"'}}
severities: {P1: {respond: immediate}}
channels: {team: {kind: webhook, address_env: TEAM_HOOK}}
routes: [{tell: [team]}]
alerts: {orders: {indicator: orders, when: "> 50% over 5m", severity: P1}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    manual = tmp_path / "manual"
    manual.mkdir()
    (manual / "manual.yaml").write_text(MANUAL)
    return Settings(manual=manual, data=tmp_path / "data", address="http://127.0.0.1:8400")


def test_a_manual_with_mistakes_starts_nothing_and_says_all_of_them(settings):
    (settings.manual / "manual.yaml").write_text(
        MANUAL.replace("from: orders", "from: ordres").replace("> 50%", "> 50x")
    )

    with pytest.raises(CannotStart) as said:
        Daemon(settings)

    assert len(said.value.mistakes) == 2


def test_a_second_watch_on_the_same_folder_is_refused(settings):
    first = Daemon(settings)
    with pytest.raises(FolderInUse):
        Daemon(settings)
    first.stop()


def test_a_folder_begun_in_real_time_is_not_used_fast(settings):
    Daemon(settings).stop()

    with pytest.raises(OtherGrid, match="real slots"):
        Daemon(Settings(manual=settings.manual, data=settings.data, address=settings.address, fast=True))


def test_a_bad_manual_leaves_the_one_before_running_and_is_shown(settings):
    daemon = Daemon(settings)
    daemon.start()
    before = daemon.watch.standing
    (settings.manual / "manual.yaml").write_text(MANUAL.replace("over 5m", "over 5 fortnights"))

    mistakes = daemon.reload()

    assert mistakes is not None
    assert daemon.mistakes is mistakes
    assert daemon.watch.standing is before
    daemon.stop()


def test_a_good_manual_takes_over_as_a_new_revision_and_the_mistakes_are_forgotten(settings):
    daemon = Daemon(settings)
    daemon.start()
    revision = daemon.watch.standing.revision
    (settings.manual / "manual.yaml").write_text(MANUAL.replace("> 50%", "> 40%"))

    assert daemon.reload() is None

    assert daemon.watch.standing.revision == revision + 1
    assert daemon.mistakes is None
    daemon.stop()


def test_a_channel_without_its_address_is_named_with_what_to_set(settings):
    daemon = Daemon(settings)

    assert "TEAM_HOOK" in daemon.troubles()["channel team"]
    daemon.stop()


def test_what_cannot_do_its_work_is_said_once(settings):
    daemon = Daemon(settings)

    assert daemon.troubles()["channel team"].startswith("the environment variable TEAM_HOOK is not set")
    daemon.stop()


def test_the_sender_is_well_while_it_runs_and_nothing_is_overdue(settings):
    daemon = Daemon(settings)
    assert daemon.health()["sender"] == "messages are not sent any more"

    daemon.start()
    assert daemon.health()["sender"] == "ok"

    daemon.sender.stop()
    assert daemon.health()["sender"] == "messages are not sent any more"
    daemon.stop()


@pytest.mark.parametrize(
    ("waited_ns", "earlier_due_in_ns", "said"),
    [
        (LATE_MESSAGE_NS // 2, None, "ok"),
        (LATE_MESSAGE_NS * 2, None, "a message has been due for minutes and is not sent"),
        (LATE_MESSAGE_NS * 2, LATE_MESSAGE_NS, "ok"),  # it waits behind one that is tried again later
    ],
)
def test_a_message_that_stays_due_is_seen(settings, waited_ns, earlier_due_in_ns, said, monkeypatch):
    clock = HandClock("2026-11-20T12:00:00Z")
    daemon, now_ns = Daemon(settings, clock), clock.now_ns()
    due = [] if earlier_due_in_ns is None else [now_ns + earlier_due_in_ns]
    rows = [
        NoticeRow(
            subject="orders",
            kind="firing",
            channel="team",
            body={},
            created_ns=0,
            due_ns=at_ns,
            cycle=i,
            attempts=int(at_ns in due),
        )
        for i, at_ns in enumerate([*due, now_ns - waited_ns])
    ]
    with daemon.state.transaction() as tx:
        outbox.add(tx, rows)
    monkeypatch.setattr(Sender, "alive", True)

    assert daemon.health()["sender"] == said
    daemon.stop()


def test_its_work_is_counted(settings):
    daemon = Daemon(settings)
    daemon.poller.asked["home"] += 2
    daemon.poller.skipped["home"] += 1
    daemon.poller.refused["inside"] = "it may not be asked"
    daemon.turns.taken, daemon.turns.failed = 5, 1

    work = daemon.work()

    assert (dict(work.asked), dict(work.skipped), set(work.refused)) == ({"home": 2}, {"home": 1}, {"inside"})
    assert (work.turns, work.failed_turns) == (5, 1)
    daemon.stop()


@pytest.mark.parametrize(
    ("rule", "says"), [("orders", "the rule's own channel"), ("gone", "the route that fits its severity")]
)
def test_a_message_whose_channel_is_gone_goes_to_those_who_hear_of_its_rule_now(rule, says):
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded)
    row = NoticeRow(
        subject=rule, kind="firing", channel="old", body={"rule": rule, "severity": "P1"}, created_ns=0, due_ns=0
    )

    assert hearers(loaded.manual, row) == ("team",), says
