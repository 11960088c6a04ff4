"""
What becomes of an alert, now that its condition was judged?

A function of what is remembered, what was found, and `now`: the same facts give the same step. Unknown freezes: it
holds a firing alert, stops the clock of `for`, and never resolves anything.

>>> from watchkeeper.decide.values import AlertKey, Numbers
>>> holds = Finding(truth=Truth.HOLDS, reason=Reason.HOLDS, numbers=Numbers())
>>> rule = Timing()
>>> step(AlertMemory(key=AlertKey(rule="disk")), holds, rule, now_ns=7).memory.state.value
'firing'
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertMemory, Finding, Numbers, State, Transition, Truth

_NO_CLOCK_RUNS = {
    "pending_since_ns": None,
    "clear_since_ns": None,
    "unknown_since_ns": None,
    "asked_unknown": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """
    The times of a rule in ns: `for`, how long it must be clear, how long unknown before somebody is asked, repeats.

    `asks_when_quiet`: also where a source speaks and merely nothing happens (a quiet night need not wake anyone).
    An alert that fires more than `flap_count` times in `flap_ns` flaps; None: none does.
    """

    hold_ns: int = 0
    resolve_after_ns: int = 0
    unknown_after_ns: int | None = None
    asks_when_quiet: bool = False
    repeat_ns: int | None = None
    flap_count: int = 0
    flap_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    The memory after a step, and the transition if there was one.
    """

    memory: AlertMemory
    transition: Transition | None = None


def step(memory: AlertMemory, finding: Finding, timing: Timing, *, now_ns: int) -> Step:
    """
    One step of the state machine.
    """
    if finding.truth is Truth.UNKNOWN:
        return _unknown(memory, finding, now_ns)
    memory = _heard(memory, now_ns)
    if finding.truth is Truth.HOLDS:
        return _holds(memory, finding, timing, now_ns)
    return _clear(memory, finding, timing, now_ns)


def happened(memory: AlertMemory, events_ns: Sequence[int], *, now_ns: int) -> Step:
    """
    An event rule: what happened since the newest event that is remembered fires it once, and it closes by itself.
    """
    new = [event_ns for event_ns in events_ns if event_ns > memory.event_ns]
    if not new:
        return Step(memory=memory)
    finding = Finding(truth=Truth.HOLDS, reason=Reason.EVENT, numbers=Numbers(events=len(new), start_ns=min(new)))
    fired = memory.evolve(
        state=State.RESOLVED, since_ns=now_ns, event_ns=max(new), cycle=0, firing_id=memory.firing_id + 1
    )
    return Step(
        memory=fired, transition=_transition(memory, fired, State.FIRING, now_ns, Reason.EVENT, finding, min(new))
    )


def withdraw(memory: AlertMemory, *, now_ns: int) -> Step:
    """
    The rule vanished from the manual, or no longer speaks of this label.
    """
    gone = memory.evolve(state=State.WITHDRAWN, since_ns=now_ns, **_NO_CLOCK_RUNS)
    if memory.state in (State.WITHDRAWN, State.INACTIVE):
        return Step(memory=gone)
    return Step(
        memory=gone,
        transition=_transition(memory, gone, State.WITHDRAWN, now_ns, Reason.WITHDRAWN, None, memory.since_ns),
    )


def revive(memory: AlertMemory, *, now_ns: int) -> AlertMemory:
    """
    A rule that came back starts afresh; events that nobody listened for are not told.
    """
    if memory.state is not State.WITHDRAWN:
        return memory
    return memory.evolve(state=State.INACTIVE, since_ns=now_ns, event_ns=now_ns, told_ns=None, cycle=0, hushed=None)


def _unknown(memory: AlertMemory, finding: Finding, now_ns: int) -> Step:
    since = now_ns if memory.unknown_since_ns is None else memory.unknown_since_ns
    held = memory.evolve(unknown_since_ns=since)
    if memory.state in (State.FIRING, State.PENDING, State.UNKNOWN):
        return Step(memory=held)
    unknown = held.evolve(state=State.UNKNOWN, since_ns=now_ns)
    return Step(
        memory=unknown, transition=_transition(memory, unknown, State.UNKNOWN, now_ns, Reason.BECAME_UNKNOWN, finding)
    )


def _heard(memory: AlertMemory, now_ns: int) -> AlertMemory:
    """
    The unknown time is over: the clocks of `for` and of clearing go on where they stood.
    """
    if memory.unknown_since_ns is None:
        return memory
    frozen = now_ns - memory.unknown_since_ns
    later = {
        name: value + frozen
        for name in ("pending_since_ns", "clear_since_ns")
        if (value := getattr(memory, name)) is not None
    }
    return memory.evolve(unknown_since_ns=None, asked_unknown=False, **later)


def _holds(memory: AlertMemory, finding: Finding, timing: Timing, now_ns: int) -> Step:
    if memory.state is State.FIRING:
        return Step(memory=memory.evolve(clear_since_ns=None))
    since = now_ns if memory.pending_since_ns is None else memory.pending_since_ns
    if now_ns - since < timing.hold_ns:
        return _pending(memory, finding, since, now_ns)
    firing = memory.evolve(
        state=State.FIRING,
        since_ns=since,
        pending_since_ns=None,
        clear_since_ns=None,
        cycle=0,
        firing_id=memory.firing_id + 1,
    )
    reason = Reason.HELD_LONG_ENOUGH if timing.hold_ns else Reason.BEGAN_TO_HOLD
    return Step(memory=firing, transition=_transition(memory, firing, State.FIRING, now_ns, reason, finding, since))


def _pending(memory: AlertMemory, finding: Finding, since: int, now_ns: int) -> Step:
    pending = memory.evolve(state=State.PENDING, pending_since_ns=since)
    if memory.state is State.PENDING:
        return Step(memory=pending)
    pending = pending.evolve(since_ns=now_ns)
    return Step(
        memory=pending,
        transition=_transition(memory, pending, State.PENDING, now_ns, Reason.BEGAN_TO_HOLD, finding),
    )


def _clear(memory: AlertMemory, finding: Finding, timing: Timing, now_ns: int) -> Step:
    match memory.state:
        case State.FIRING:
            since = now_ns if memory.clear_since_ns is None else memory.clear_since_ns
            if now_ns - since < timing.resolve_after_ns:
                return Step(memory=memory.evolve(clear_since_ns=since))
            over = memory.evolve(state=State.RESOLVED, since_ns=now_ns, clear_since_ns=None)
            return Step(
                memory=over,
                transition=_transition(memory, over, State.RESOLVED, now_ns, Reason.RESOLVED, finding, memory.since_ns),
            )
        case State.PENDING:
            reason = Reason.STOPPED_HOLDING
        case State.UNKNOWN:
            reason = Reason.HEARD_AGAIN
        case _:
            return Step(memory=memory)
    calm = memory.evolve(state=State.INACTIVE, since_ns=now_ns, pending_since_ns=None)
    return Step(memory=calm, transition=_transition(memory, calm, State.INACTIVE, now_ns, reason, finding))


def _transition(
    old: AlertMemory,
    new: AlertMemory,
    to: State,
    now_ns: int,
    reason: Reason,
    finding: Finding | None,
    since_ns: int | None = None,
) -> Transition:
    return Transition(
        key=old.key,
        old=old.state,
        new=to,
        at_ns=now_ns,
        reason=reason,
        finding=finding,
        firing_id=new.firing_id,
        since_ns=now_ns if since_ns is None else since_ns,
    )
