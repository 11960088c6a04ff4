"""
Which alerts need a turn?

A sweep says of all alerts at once what their conditions come to. Only those of which it changed, whose clock is due, or
of which a sweep cannot tell are asked about and judged; nothing follows from the others. Where something may begin or
end that hushes others, those are looked at with it. What was seen becomes remembered only when the turn is written:
after a failure the next turn looks at the same again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from watchkeeper.act.asking import keys_of, posed_of
from watchkeeper.decide.dues import AT_ONCE, next_due
from watchkeeper.decide.hushing import matches
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.turn import gone
from watchkeeper.decide.values import AlertKey, AlertMemory, Silence, State, TurnPlan
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.rows import Series
from watchkeeper.measure.sweep import ASK, CLEAR, Sweep
from watchkeeper.measure.values import Ints

_QUIET = (Reason.NO_EVENTS, Reason.TOO_FEW)
_UNSEEN, _ALONE = -1, -1
_HELD = (Reason.DEPENDENCY_FIRES, Reason.SILENCED)  # a silence may be over, and something else still hold it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What a turn must ask about, in the order of the rules, and the other values of its labels in which nothing is wrong.
    """

    keys: tuple[AlertKey, ...]
    fine: tuple[AlertKey, ...] = ()


class Attention:
    """
    What the turns of one engine and one set of rules last saw of every alert. `look` under the engine's lock; all of
    it from one thread.
    """

    def __init__(self, rules: Mapping[str, Rule], engine: Engine) -> None:
        self.rules, self.engine = rules, engine
        live = [rule for rule in rules.values() if rule.indicator in engine.plan.indicators]
        self._judged = [rule for rule in live if rule.condition is not None]
        self._order = {rule.name: i for i, rule in enumerate(live)}
        self._speakers = {name for rule in live for names in rule.upstream.values() for name in names}
        self._on: dict[str, list[str]] = {}  # event rules, by what they listen to
        for rule in live:
            if rule.condition is None:
                self._on.setdefault(self._series(rule), []).append(rule.name)
        self._happened: set[str] = set()  # event rules of which something came in; the engine adds to it
        self._events = {name for names in self._on.values() for name in names}  # those to look at; at first all of them
        self._rows_seen = _UNSEEN
        self._values: list[list[str]] = []
        self._keys: list[AlertKey] = []
        self._places: dict[str, range] = {}  # by rule, where its alerts are
        self._sweep = Sweep(engine, ())
        self._seen = self._now_seen = np.zeros(0, dtype=np.int8)  # as written, and as of the last look
        self._due = self._groups = self._asked = np.zeros(0, dtype=np.int64)
        self._hushers = self._hushed = np.zeros(0, dtype=np.bool_)  # what others depend on; what is held back by such
        self._silences: frozenset[Silence] = frozenset()
        self._strays: list[AlertKey] | None = None
        engine.followers.append(self._follow)

    def close(self) -> None:
        """
        Follow the engine no longer.
        """
        self.engine.followers.remove(self._follow)
        self._sweep.close()

    def look(self, *, now_ns: int, silences: Iterable[Silence] = ()) -> Look:
        """
        Sweep, and say what must be asked about. `silences` are those that hold now.
        """
        self._grow()
        self._wake(frozenset(silences))
        self._events |= self._happened
        self._happened.clear()
        self._now_seen = self._sweep.codes(now_ns)
        needs = (self._now_seen != self._seen) | (self._now_seen == ASK) | (self._due <= now_ns)
        groups = np.unique(self._groups[needs])
        needs |= np.isin(self._groups, groups[groups != _ALONE])
        if (needs & self._hushers).any():
            needs |= self._hushed
        self._asked = np.flatnonzero(needs)
        keys = [self._keys[i] for i in self._asked.tolist()]
        labelled = {key.rule for key in keys if key.label}
        fine = [
            self._keys[i]
            for rule in labelled
            for i in self._places[rule]
            if self._now_seen[i] == CLEAR and not needs[i]
        ]
        if self._events:
            keys += [AlertKey(rule=name) for name in self._events]
            keys.sort(key=lambda key: self._order[key.rule])
        return Look(keys=tuple(keys), fine=tuple(fine))

    def strays(self, memories: Mapping[AlertKey, AlertMemory]) -> list[AlertKey]:
        """
        The remembered alerts of which nothing can be asked any more, but for those that ended as withdrawn.
        """
        if self._strays is None:
            asked = {*self._keys, *(AlertKey(rule=name) for names in self._on.values() for name in names)}
            self._strays = [
                key
                for key, memory in memories.items()
                if key not in asked and not (memory.state is State.WITHDRAWN and gone(key, self.rules))
            ]
        return self._strays

    def written(self, plan: TurnPlan, memories: Mapping[AlertKey, AlertMemory]) -> None:
        """
        The turn is written, and these are the memories now.
        """
        self._seen, self._events = self._now_seen, set()
        for i in self._asked.tolist():
            key = self._keys[i]
            memory, found = memories.get(key), plan.findings.get(key)
            self._hushed[i] = memory is not None and memory.hushed in _HELD
            if memory is None or found is None:
                self._due[i] = AT_ONCE
            else:
                timing, quiet = self.rules[key.rule].timing, found.reason in _QUIET
                self._due[i] = next_due(memory, timing, found.truth, quiet=quiet)
        if self._strays:
            ended = {memory.key for memory in plan.memories if memory.state is State.WITHDRAWN}
            self._strays = [key for key in self._strays if key not in ended]

    # --- how

    def _grow(self) -> None:
        """
        Take note of new values of labels: their alerts are looked at for the first time.
        """
        if len(self.engine.registry) == self._rows_seen:
            return
        first, self._rows_seen = self._rows_seen == _UNSEEN, len(self.engine.registry)
        labels = {(rule.indicator, label) for rule in self._judged for label in (rule.each, rule.where) if label}
        values = [self.engine.labels(*one) for one in sorted(labels)]
        if first or values != self._values:
            self._values = values
            self._lay_out()

    def _lay_out(self) -> None:
        known = {
            key: (int(self._seen[i]), int(self._due[i]), bool(self._hushed[i])) for i, key in enumerate(self._keys)
        }
        self._keys, posed = [], []
        for rule in self._judged:
            keys = keys_of(rule, self.engine)
            self._places[rule.name] = range(len(self._keys), len(self._keys) + len(keys))
            self._keys += keys
            posed += [posed_of(rule, key, self.engine) for key in keys]
        self._sweep.close()
        self._sweep = Sweep(self.engine, posed)
        before = [known.get(key, (_UNSEEN, AT_ONCE, False)) for key in self._keys]
        self._seen = np.array([seen for seen, _, _ in before], dtype=np.int8)
        self._due = np.array([due for _, due, _ in before], dtype=np.int64)
        self._hushed = np.array([hushed for _, _, hushed in before], dtype=np.bool_)
        self._hushers = np.array([key.rule in self._speakers for key in self._keys], dtype=np.bool_)
        self._groups, self._strays = self._grouped(), None

    def _wake(self, silences: frozenset[Silence]) -> None:
        """
        A silence began or ended: what it is about is due, and what may have been held back by that.
        """
        changed, self._silences = silences ^ self._silences, silences
        if not changed:
            return
        self._due[self._hushed] = AT_ONCE
        for i, key in enumerate(self._keys):
            rule = self.rules[key.rule]
            said = {"service": rule.service, "severity": rule.alert.severity}
            if rule.faster or any(matches(one.matchers, key, **said) for one in changed):
                self._due[i] = AT_ONCE

    def _grouped(self) -> Ints:
        """
        A number for the alerts that may hold each other back: what happens to one decides what is told of the others.
        """
        burns = {name for rule in self._judged for name in (*rule.faster, *([rule.name] if rule.faster else []))}
        numbers: dict[tuple[str | None, str], int] = {}
        return np.array(
            [
                numbers.setdefault((self.rules[key.rule].alert.objective, f"{key.label}={key.value}"), len(numbers))
                if key.rule in burns
                else _ALONE
                for key in self._keys
            ],
            dtype=np.int64,
        )

    def _follow(self, delta: Delta) -> None:
        for series, _ in delta.merges:
            self._happened.update(self._on.get(series, ()))

    def _series(self, rule: Rule) -> str:
        return str(Series(meaning=self.engine.plan.indicators[rule.indicator].meaning))
