"""
What can people ask of the watch, and do with it?

The use cases behind every door: pages, API and terminal call these and nothing else. Reading takes the engine's lock
for a moment and one read of the state; what changes something says who did it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from watchkeeper.act import memory
from watchkeeper.act.accounts.accounts import Accounts
from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.asking import gather
from watchkeeper.act.excluding import Wish, granted, in_force
from watchkeeper.act.incidents import journal
from watchkeeper.act.incidents.desk import IncidentDesk
from watchkeeper.act.switching import Switches
from watchkeeper.act.turn import Standing
from watchkeeper.decide.conditions import judge
from watchkeeper.decide.objectives import ObjectiveStatus, objective_status
from watchkeeper.decide.rules import Rule, windows_of
from watchkeeper.decide.values import AlertKey, AlertMemory, Finding, Incident
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.model.promising import Objective
from watchkeeper.manual.windows import agreements, targets
from watchkeeper.measure.answers import Answer, Question, Span
from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.held import Held
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.merges import Exemplar
from watchkeeper.outside.clock import Clock
from watchkeeper.store import alerts, decisions, exclusions, incidents, notices, revisions
from watchkeeper.store.alerts import AlertRow, TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.exclusions import ExclusionRow
from watchkeeper.store.incidents import TimelineRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """
    An alert as it stands: what is remembered, what was found just now, its rule (None once withdrawn).
    """

    memory: AlertMemory
    rule: Rule | None
    finding: Finding | None
    row: AlertRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStory:
    """
    An alert with all that happened to it and because of it, newest first.
    """

    alert: AlertView
    transitions: tuple[TransitionRow, ...]
    notices: tuple[NoticeRow, ...]
    decisions: tuple[DecisionRow, ...]
    incidents: tuple[Incident, ...]
    siblings: tuple[AlertView, ...]  # the same rule for the other values of its label


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    Slot by slot over a window: when each slot begins (ns), how many events, how many matched, and merges if any.
    """

    tier: Tier
    starts_ns: tuple[int, ...]
    counts: tuple[int, ...]
    matched: tuple[int, ...]
    heard: tuple[bool, ...]
    merges: dict[int, Held]  # by index into the slots


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveStory:
    """
    An objective from all sides: status, by value of its labels, over other windows, alerts, worst observations.
    """

    status: ObjectiveStatus
    objective: Objective
    breakdown: dict[str, dict[str, ObjectiveStatus]]  # label -> value -> status
    windows: tuple[tuple[int, Answer], ...]  # length in ns -> answer
    alerts: tuple[AlertView, ...]
    worst: tuple[Exemplar, ...]  # (at_ns, value in steps, trace id)
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStory:
    """
    An incident with its timeline (oldest first) and its alerts.
    """

    incident: Incident
    timeline: tuple[TimelineRow, ...]
    alerts: tuple[AlertView, ...]


SHOWN_WINDOWS_NS = tuple(minutes * 60 * 10**9 for minutes in (5, 30, 60, 360, 1440, 4320))


#: Makes the numbers leave out these minutes, and no others.
Recount = Callable[[Sequence[Exclusion]], None]


class Watch:
    """
    A running watch. Safe to call from any thread.
    """

    def __init__(
        self, *, standing: Standing, intake: Intake, state: State, clock: Clock, recount: Recount | None = None
    ) -> None:
        self.standing = standing
        self.intake, self.state, self.clock = intake, state, clock
        self.accounts = Accounts(state, clock)
        self.desk = IncidentDesk(state, clock, lambda: self.standing)
        self.switches = Switches(state, clock, lambda: self.standing)
        self._recount = recount or self._from_now_on

    # --- reading

    def objectives(self) -> list[ObjectiveStatus]:
        """
        Every live objective as it stands now, in the manual's order.
        """
        with self.intake.lock:
            return [self._status(name) for name in self._live_objectives()]

    def objective(self, name: str, *, windows_ns: Sequence[int] = SHOWN_WINDOWS_NS) -> ObjectiveStory:
        """
        One objective from all sides, and over these windows; KeyError for an unknown (or not yet live) one.
        """
        manual, now_ns = self.standing.manual, self.clock.now_ns()
        objective = manual.objectives[name]
        with self.intake.lock:
            engine = self.intake.engine
            plan = engine.plan.indicators[objective.indicator]
            breakdown = {
                label: {value: self._status(name, label, value) for value in engine.labels(objective.indicator, label)}
                for label in plan.by
            }
            lengths = [ns for ns in windows_ns if ns <= engine.plan.longest_ns]
            questions = [Question(indicator=objective.indicator, window=Span(ns=ns)) for ns in lengths]
            answers = engine.ask_all(questions, now_ns)
            status = self._status(name)
        views = [view for view in self.alerts() if view.rule is not None and view.rule.indicator == objective.indicator]
        worst = next((answer.worst for answer in answers if answer.worst), ())
        return ObjectiveStory(
            status=status,
            objective=objective,
            breakdown=breakdown,
            windows=tuple(zip(lengths, answers, strict=True)),
            alerts=tuple(views),
            worst=worst,
            scale=plan.scale,
        )

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """
        What these series did, now; KeyError for an unknown indicator.
        """
        now_ns = self.clock.now_ns()
        with self.intake.lock:
            self.intake.engine.advance(now_ns)
            return self.intake.engine.ask_all(questions, now_ns)

    def labels(self, indicator: str, label: str) -> list[str]:
        """
        The values of a label that were ever seen, sorted.
        """
        with self.intake.lock:
            return self.intake.engine.labels(indicator, label)

    def source(self, file: str) -> str:
        """
        A file of the manual as it was loaded; empty for one that it does not have.
        """
        with self.state.reading() as view:
            row = revisions.by_id(view, self.standing.revision)
        return "" if row is None else str(row.source.get(file, ""))

    def stamp(self) -> tuple[int, ...]:
        """
        Another one than before means that something may look different now: numbers, alerts, messages.
        """
        with self.state.reading() as view:
            newest = alerts.recent_transitions(view, most=1)
            told = notices.counts(view)
            written = incidents.newest_entry(view)
        changed = (written, *(row.id for row in newest), *(told[state] for state in sorted(told)))
        return (self.intake.tally.commits, self.standing.revision, *changed)

    def history(self, indicator: str, *, window_ns: int, label: str = "", value: str = "") -> History:
        """
        An indicator slot by slot, for drawing; KeyError for an unknown one.
        """
        now_ns = self.clock.now_ns()
        question = Question(indicator=indicator, window=Span(ns=window_ns), label=label, value=value)
        with self.intake.lock:
            engine = self.intake.engine
            engine.advance(now_ns)
            tier, first, counts, matched = engine.history(question, now_ns)
            merges = {slot - first: merge for slot, merge in engine.merged(question, now_ns)}
            heard = engine.heard_slots(indicator, tier, first, first + len(counts) - 1)
        return History(
            tier=tier,
            starts_ns=tuple((first + i) * tier.slot_ns for i in range(len(counts))),
            counts=tuple(counts.tolist()),
            matched=tuple(matched.tolist()),
            heard=tuple(heard),
            merges=merges,
        )

    def alerts(self) -> list[AlertView]:
        """
        Every alert, with what its condition comes to at this moment.
        """
        now_ns = self.clock.now_ns()
        with self.intake.lock:
            self.intake.engine.advance(now_ns)
            asked, _ = gather(self.standing.rules, self.intake.engine, now_ns=now_ns)
        findings = {
            key: judge(condition, one)
            for key, one in asked.items()
            if (condition := self.standing.rules[key.rule].condition) is not None
        }
        with self.state.reading() as view:
            rows = {memory.memory_of(row).key: row for row in alerts.every(view)}
        keys = sorted({*findings, *rows}, key=str)
        return [self._view(key, findings.get(key), rows.get(key)) for key in keys]

    def alert(self, key: str) -> AlertStory:
        """
        One alert by its key (`parse-success[platform=spotify]`) with its story; KeyError for an unknown one.
        """
        views = {str(view.memory.key): view for view in self.alerts()}
        found = views[key]
        with self.state.reading() as view:
            return AlertStory(
                alert=found,
                transitions=tuple(alerts.transitions_of(view, key)),
                notices=tuple(notices.of_subject(view, key)),
                decisions=tuple(decisions.of_alert(view, key)),
                incidents=tuple(journal.incident_of(view, row) for row in incidents.of_alert(view, key)),
                siblings=tuple(
                    one for name, one in views.items() if one.memory.key.rule == found.memory.key.rule and name != key
                ),
            )

    def incidents(self, *, most: int = 50) -> list[Incident]:
        """
        The newest incidents, open and closed.
        """
        with self.state.reading() as view:
            return [journal.incident_of(view, row) for row in incidents.recent(view, most=most)]

    def incident(self, number: int) -> IncidentStory:
        """
        One incident with its timeline; KeyError for an unknown number.
        """
        with self.state.reading() as view:
            row = incidents.by_number(view, number)
            if row is None:
                raise KeyError(number)
            incident = journal.incident_of(view, row)
            timeline = tuple(incidents.timeline_of(view, row.id))
        mine = [one for one in self.alerts() if str(one.memory.key) in incident.alerts]
        return IncidentStory(incident=incident, timeline=timeline, alerts=tuple(mine))

    def recent_notices(self, *, most: int = 20) -> list[NoticeRow]:
        """
        The newest messages, whatever became of them.
        """
        with self.state.reading() as view:
            return notices.recent(view, most=most)

    def exclusions(self, *, most: int = 100) -> list[ExclusionRow]:
        """
        All exclusions that hold and the newest that were undone, newest first.
        """
        with self.state.reading() as view:
            return exclusions.recent(view, most=most)

    # --- doing

    def close_incident(self, number: int, *, by: str) -> Incident:
        """
        A person closes an incident; closing a closed one changes nothing. KeyError for an unknown number.
        """
        return self.desk.close(number, by=by)

    def reopen_incident(self, number: int, *, by: str) -> Incident:
        """
        Undo a closing. KeyError for an unknown number.
        """
        return self.desk.reopen(number, by=by)

    def note(self, number: int, *, text: str, by: str) -> Incident:
        """
        A person writes a line on an incident's timeline. KeyError for an unknown number.
        """
        self.desk.note(number, text, by=by)
        return self.incident(number).incident

    def exclude(self, wish: Wish, *, by: Visitor | str) -> ExclusionRow:
        """
        A person takes minutes out of the numbers. Raises CannotExclude.
        """
        now_ns, plan = self.clock.now_ns(), self.intake.engine.plan
        minute_ns = self.intake.engine.grid.minute_ns
        row = granted(wish, self.standing.manual, plan, by=_name(by), now_ns=now_ns, minute_ns=minute_ns)
        with self.state.transaction() as tx:
            row = replace(row, id=exclusions.add(tx, row))
            audited(tx, by, "exclusion.create", f"exclusion/{row.id}", detail={"reason": row.reason}, at_ns=now_ns)
        self.renew_exclusions()
        return row

    def undo_exclusion(self, number: int, *, by: Visitor | str) -> ExclusionRow:
        """
        A person puts minutes back; putting them back again changes nothing. KeyError for an unknown number.
        """
        now_ns = self.clock.now_ns()
        with self.state.transaction() as tx:
            if exclusions.undo(tx, number, at_ns=now_ns, by=_name(by)):
                audited(tx, by, "exclusion.undo", f"exclusion/{number}", at_ns=now_ns)
            row = exclusions.by_id(tx, number)
        if row is None:
            raise KeyError(number)
        self.renew_exclusions()
        return row

    def renew_exclusions(self) -> None:
        """
        Make the engine leave out what stands as excluded, and nothing else.
        """
        with self.state.reading() as view:
            rows = exclusions.standing(view)
        self._recount(in_force(rows, self.intake.engine.plan))

    def _from_now_on(self, exclusions: Sequence[Exclusion]) -> None:
        """
        Without a ground there is nothing to count again.
        """
        with self.intake.paused():
            self.intake.engine.exclude(exclusions)

    # --- how

    def _live_objectives(self) -> list[str]:
        known = self.intake.engine.plan.indicators
        return [name for name, one in self.standing.manual.objectives.items() if one.indicator in known]

    def _status(self, name: str, label: str = "", value: str = "") -> ObjectiveStatus:
        manual, now_ns = self.standing.manual, self.clock.now_ns()
        objective, engine = manual.objectives[name], self.intake.engine
        engine.advance(now_ns)

        def answered(conditions: Sequence[Condition]) -> list[tuple[Condition, Answer]]:
            questions = [
                Question(indicator=objective.indicator, window=windows_of(one)[0], label=label, value=value)
                for one in conditions
            ]
            return list(zip(conditions, engine.ask_all(questions, now_ns), strict=True))

        return objective_status(
            name,
            answered(targets(objective, manual)),
            answered(agreements(objective, manual)),
            indicator=manual.indicators[objective.indicator],
        )

    def _view(self, key: AlertKey, finding: Finding | None, row: AlertRow | None) -> AlertView:
        return AlertView(
            memory=memory.memory_of(row) if row else AlertMemory(key=key),
            rule=self.standing.rules.get(key.rule),
            finding=finding or (memory.finding_of(row) if row else None),
            row=row,
        )


def _name(by: Visitor | str) -> str:
    return by if isinstance(by, str) else by.by
