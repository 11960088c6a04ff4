"""
Who is on call in a schedule, until when, and who comes next?

Layers lie over each other, overrides over all of them; where nothing lies, nobody is on call.

>>> shop = Manual(
...     watchkeeper=1, manual="Shop", people={"ada": {}, "bo": {}},
...     schedules={"team": {"rotation": {"every": "1d", "at": "09:00", "people": ["ada", "bo"]}}},
... )
>>> hour = 3600 * 10**9
>>> noon = (19_723 * 24 + 12) * hour  # 2024-01-01, the first turn of all that name none
>>> ill = Override(id=1, schedule="team", begin_ns=noon, end_ns=noon + hour, person="bo")
>>> [(shift.person, (shift.begin_ns - noon) // hour) for shift in
...     shifts("team", shop, [ill], begin_ns=noon - 4 * hour, end_ns=noon + 24 * hour)]
[(None, -4), ('ada', -3), ('bo', 0), ('ada', 1), ('bo', 21)]
>>> found = duty("team", shop, [ill], noon + 2 * hour)
>>> found.person, (found.until_ns - noon) // hour, found.next
('ada', 21, 'bo')
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from watchkeeper.decide.oncall.rotations import Turn, covered, turning_of
from watchkeeper.decide.oncall.values import NOBODY, Duty, Override, Shift
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Schedule

_DAY_NS: Final = 86_400 * 10**9
_HORIZON_NS: Final = 400 * _DAY_NS  # further nobody looks for a change
_WIDER: Final = 8


def shifts(schedule: str, manual: Manual, overrides: Sequence[Override], *, begin_ns: int, end_ns: int) -> list[Shift]:
    """
    Who is on call in this stretch of time, cut to it, without a break: where nobody is, the person is None.

    KeyError for an unknown schedule. An override to somebody whom the manual no longer names is as if it were not.
    """
    entry = manual.schedules[schedule]
    found = [Shift(person=None, begin_ns=begin_ns, end_ns=end_ns)] if begin_ns < end_ns else []
    for layer in _layers(entry, manual, begin_ns, end_ns):
        found = laid_over(found, list(layer))
    laid: list[Shift] = []
    for override in sorted(overrides, key=lambda one: one.id):
        if one := _of_override(override, schedule, manual, begin_ns, end_ns):
            laid = laid_over(laid, [one])
    return list(_joined(laid_over(found, laid)))


def on_call(schedule: str, manual: Manual, overrides: Sequence[Override], at_ns: int) -> str | None:
    """
    Who is on call at this instant; the quick answer where nothing else matters.
    """
    return shifts(schedule, manual, overrides, begin_ns=at_ns, end_ns=at_ns + 1)[0].person


def duty(schedule: str, manual: Manual, overrides: Sequence[Override], at_ns: int) -> Duty:
    """
    Who is on call at this instant, since when and until when, and who comes next.
    """
    reach_ns = 2 * _longest_turn_ns(manual.schedules[schedule])
    while True:
        reach_ns = min(reach_ns, _HORIZON_NS)
        begin_ns, end_ns = at_ns - reach_ns, at_ns + reach_ns
        people = _by_person(shifts(schedule, manual, overrides, begin_ns=begin_ns, end_ns=end_ns))
        now = next(i for i, one in enumerate(people) if one.end_ns > at_ns)
        coming = next((one for one in people[now + 1 :] if one.person is not None), None)
        if reach_ns == _HORIZON_NS or (coming is not None and now > 0):
            break
        reach_ns *= _WIDER
    ends_ns = people[now].end_ns
    return Duty(
        person=people[now].person,
        since_ns=people[now].begin_ns,
        until_ns=ends_ns if ends_ns < end_ns else None,
        next=coming.person if coming else None,
        next_ns=coming.begin_ns if coming else None,
    )


def laid_over(below: Sequence[Shift], above: Sequence[Shift]) -> list[Shift]:
    """
    What is left of those below, and those above; each list in order and free of overlap, as is the answer.
    """
    left: list[Shift] = list(above)
    first = 0
    for low in below:
        at_ns = low.begin_ns
        while first < len(above) and above[first].end_ns <= low.begin_ns:
            first += 1
        for high in above[first:]:
            if high.begin_ns >= low.end_ns:
                break
            if high.begin_ns > at_ns:
                left.append(replace(low, begin_ns=at_ns, end_ns=high.begin_ns))
            at_ns = max(at_ns, high.end_ns)
        if at_ns < low.end_ns:
            left.append(replace(low, begin_ns=at_ns))
    return sorted(left, key=lambda one: one.begin_ns)


def _layers(entry: Schedule, manual: Manual, begin_ns: int, end_ns: int) -> Iterator[Iterator[Shift]]:
    if entry.rotation is None and entry.people:  # without a rotation it is always the first one's turn
        yield iter([Shift(person=entry.people[0], begin_ns=begin_ns, end_ns=end_ns, layer=0)])
    rotations = ((0, entry.rotation), *enumerate(entry.layers, start=1))
    for number, rotation in rotations:
        if rotation is not None:
            parts = covered(turning_of(rotation, entry, manual), begin_ns, end_ns)
            yield _cut(number, parts, begin_ns, end_ns)


def _cut(layer: int, parts: Iterable[Turn], begin_ns: int, end_ns: int) -> Iterator[Shift]:
    for part in parts:
        begins_ns, ends_ns = max(part.begin_ns, begin_ns), min(part.end_ns, end_ns)
        yield Shift(person=part.person, begin_ns=begins_ns, end_ns=ends_ns, layer=layer)


def _of_override(override: Override, schedule: str, manual: Manual, begin_ns: int, end_ns: int) -> Shift | None:
    begins_ns, ends_ns = max(override.begin_ns, begin_ns), min(override.end_ns, end_ns)
    known = override.person == NOBODY or override.person in manual.people
    if override.schedule != schedule or not known or begins_ns >= ends_ns:
        return None
    return Shift(person=override.person or None, begin_ns=begins_ns, end_ns=ends_ns, override_id=override.id)


def _joined(found: Iterable[Shift]) -> Iterator[Shift]:
    last: Shift | None = None
    for one in found:
        if last is not None and _same(last, one):
            last = replace(last, end_ns=one.end_ns)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _same(a: Shift, b: Shift) -> bool:
    return (a.person, a.layer, a.override_id) == (b.person, b.layer, b.override_id)


def _by_person(found: Iterable[Shift]) -> list[Shift]:
    return list(_joined(replace(one, layer=None, override_id=None) for one in found))


def _longest_turn_ns(entry: Schedule) -> int:
    rotations = (*((entry.rotation,) if entry.rotation else ()), *entry.layers)
    return max((one.every.ns for one in rotations), default=_DAY_NS)
