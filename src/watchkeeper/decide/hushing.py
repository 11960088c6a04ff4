"""
What keeps an alert from being told, and when does it speak after all?

A silence that somebody made; something that it depends on and that fires already; a faster burn of the same budget; or
it fires and resolves too often (`flapping`). Whatever hushes an alert is its reason in the record, and when that is
over, what still fires is told and paged.

An alert is only held back by one that everybody hears of who would hear of it, and that nobody has silenced.

>>> from watchkeeper.decide.values import Matchers
>>> night = Silence(id=4, begin_ns=0, end_ns=60, matchers=Matchers(label=(("country", frozenset({"de"})),)))
>>> de, fr = (AlertKey(rule="orders", label="country", value=country) for country in ("de", "fr"))
>>> matches(night.matchers, de, service=None, severity="P1"), matches(night.matchers, fr, service=None, severity="P1")
(True, False)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.decide.alerts import Timing
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertKey, AlertMemory, Matchers, Silence, State

#: Why an alert is told after all, by what kept it from it.
AFTERWARDS: Final[Mapping[Reason | None, Reason]] = {
    None: Reason.FASTER_OVER,  # held back before reasons were remembered
    Reason.FASTER_FIRES: Reason.FASTER_OVER,
    Reason.DEPENDENCY_FIRES: Reason.DEPENDENCY_OVER,
    Reason.SILENCED: Reason.SILENCE_OVER,
    Reason.FLAPPING: Reason.FLAPPING_OVER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """
    Why an alert is not told now, and the alert or the silence on account of which.
    """

    reason: Reason
    because_of: str


class Hushing:
    """
    What hushes which alert at one instant, by the rules and by how all alerts stand.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        memories: Mapping[AlertKey, AlertMemory],
        changed: Mapping[AlertKey, AlertMemory],
        silences: Iterable[Silence],
        *,
        now_ns: int,
    ) -> None:
        self._rules, self._memories, self._changed = rules, memories, changed
        self._by_alert: dict[str, list[Silence]] = {}
        self._general: list[Silence] = []
        for silence in silences:
            if silence.begin_ns <= now_ns < silence.end_ns:
                for name in silence.matchers.alert:
                    self._by_alert.setdefault(name, []).append(silence)
                if not silence.matchers.alert:
                    self._general.append(silence)
        self._said: dict[tuple[int, str, str], AlertKey | None] = {}

    def hush_of(self, key: AlertKey) -> Hush | None:
        """
        What hushes an alert; None where nothing does.
        """
        rule = self._rules.get(key.rule)
        if rule is None:
            return None
        silence = self.silence_of(key)
        if silence is not None:
            return Hush(reason=Reason.SILENCED, because_of=f"silence {silence.id}")
        if (cause := self._first(rule.upstream_of(key), key)) is not None:
            return Hush(reason=Reason.DEPENDENCY_FIRES, because_of=str(cause))
        if (cause := self._first(rule.faster, key)) is not None:
            return Hush(reason=Reason.FASTER_FIRES, because_of=str(cause))
        return None

    def silence_of(self, key: AlertKey) -> Silence | None:
        """
        The silence that holds for an alert now.
        """
        if not self._by_alert and not self._general:
            return None
        rule = self._rules[key.rule]
        known = (*self._by_alert.get(key.rule, ()), *self._general)
        said = {"service": rule.service, "severity": rule.alert.severity}
        return next((one for one in known if matches(one.matchers, key, **said)), None)

    def _first(self, names: tuple[str, ...], key: AlertKey) -> AlertKey | None:
        """
        The first of these rules that speaks for this alert. Asked once for all alerts that ask for the same.
        """
        if not names:
            return None
        asked = (id(names), key.label, key.value)
        if asked not in self._said:
            self._said[asked] = next(self._speaking(names, key), None)
        return self._said[asked]

    def _speaking(self, names: tuple[str, ...], key: AlertKey) -> Iterator[AlertKey]:
        for name in names:
            each = self._rules[name].each
            if each not in ("", key.label):
                continue  # it speaks of a part, and nobody can tell whether of this one
            other = AlertKey(rule=name, label=key.label, value=key.value) if each else AlertKey(rule=name)
            memory = self._changed.get(other) or self._memories.get(other)
            if memory is not None and memory.state is State.FIRING and self.silence_of(other) is None:
                yield other


def matches(matchers: Matchers, key: AlertKey, *, service: str | None, severity: str | None) -> bool:
    """
    Whether all that is said fits an alert; what is not said fits every one.
    """
    return (
        (not matchers.alert or key.rule in matchers.alert)
        and (not matchers.service or service in matchers.service)
        and (not matchers.severity or severity in matchers.severity)
        and all(key.label == label and key.value in values for label, values in matchers.label)
    )


def flaps(memory: AlertMemory, timing: Timing, *, fired: int) -> bool:
    """
    Whether a firing counts as flapping: it has fired `fired` times lately, this one not counted.
    """
    if timing.flap_ns is None:
        return False
    return memory.hushed is Reason.FLAPPING or fired >= timing.flap_count


def settled(memory: AlertMemory, timing: Timing, *, now_ns: int) -> bool:
    """
    Whether an alert that flapped has stayed as it is for long enough.
    """
    return memory.hushed is Reason.FLAPPING and now_ns >= settles_ns(memory, timing)


def settles_ns(memory: AlertMemory, timing: Timing) -> int:
    """
    When an alert that flaps has settled, if it stays as it is.
    """
    return memory.since_ns + (timing.flap_ns or 0)


def noted(memory: AlertMemory, rule: Rule, silence: Silence | None, *, now_ns: int) -> AlertMemory:
    """
    What is remembered without a word: a firing that was told is silenced from now on, or flaps no more; and what hushed
    an alert that neither fires nor is unknown hushes it no longer.
    """
    if memory.state is not State.FIRING:
        stale = memory.hushed not in (None, Reason.FLAPPING) and memory.unknown_since_ns is None
        return memory.evolve(hushed=None) if stale else memory
    if memory.cycle == 0:
        return memory
    if silence is not None and memory.hushed is not Reason.SILENCED:
        return memory.evolve(hushed=Reason.SILENCED)
    return memory.evolve(hushed=None) if settled(memory, rule.timing, now_ns=now_ns) else memory
