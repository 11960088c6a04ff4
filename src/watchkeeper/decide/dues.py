"""
When does an alert need a turn again, although its condition stays as it is?

Most alerts, most of the time, never: nothing follows from what was the same before. What remains are the clocks of the
rule, and what a turn has not yet taken note of.

>>> from watchkeeper.decide.values import AlertKey
>>> pending = AlertMemory(key=AlertKey(rule="disk"), state=State.PENDING, pending_since_ns=100)
>>> next_due(pending, Timing(hold_ns=60), Truth.HOLDS)
160
>>> next_due(pending, Timing(hold_ns=60), Truth.CLEAR) == AT_ONCE
True
>>> next_due(pending.evolve(state=State.INACTIVE), Timing(), Truth.CLEAR) == NEVER
True
"""

from watchkeeper.decide.alerts import Timing
from watchkeeper.decide.hushing import settles_ns
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertMemory, State, Truth

AT_ONCE = 0
NEVER = 2**63 - 1

_FROZEN = (State.FIRING, State.PENDING, State.UNKNOWN)  # what unknown holds as it is


def next_due(memory: AlertMemory, timing: Timing, truth: Truth, *, quiet: bool = False) -> int:
    """
    When (ns) a step or a reminder changes anything, as long as `truth` stays: `AT_ONCE`, a time, or `NEVER`.

    `quiet` says that it is unknown only because too little happens, which wakes fewer people than silence. What is
    hushed may be told earlier: when that which hushes it changes.
    """
    if memory.state is State.WITHDRAWN:
        return AT_ONCE
    match truth:
        case Truth.UNKNOWN:
            step = _unknown(memory, timing, quiet=quiet)
        case Truth.HOLDS:
            step = _holds(memory, timing)
        case Truth.CLEAR:
            step = _clear(memory, timing)
    return min(step, _repeat(memory, timing), _settles(memory, timing))


def _unknown(memory: AlertMemory, timing: Timing, *, quiet: bool) -> int:
    if memory.unknown_since_ns is None or memory.state not in _FROZEN:
        return AT_ONCE
    wakes = not quiet or memory.state is State.FIRING or timing.asks_when_quiet
    if memory.asked_unknown or timing.unknown_after_ns is None or not wakes or _held_back(memory):
        return NEVER
    return memory.unknown_since_ns + timing.unknown_after_ns


def _holds(memory: AlertMemory, timing: Timing) -> int:
    if memory.unknown_since_ns is not None:
        return AT_ONCE
    if memory.state is State.FIRING:
        return NEVER if memory.clear_since_ns is None else AT_ONCE
    if memory.state is State.PENDING and memory.pending_since_ns is not None:
        return memory.pending_since_ns + timing.hold_ns
    return AT_ONCE


def _clear(memory: AlertMemory, timing: Timing) -> int:
    if memory.unknown_since_ns is not None:
        return AT_ONCE
    if memory.state is State.FIRING:
        return AT_ONCE if memory.clear_since_ns is None else memory.clear_since_ns + timing.resolve_after_ns
    return AT_ONCE if memory.state in _FROZEN else NEVER


def _repeat(memory: AlertMemory, timing: Timing) -> int:
    if memory.state is not State.FIRING or memory.told_ns is None or not timing.repeat_ns or _held_back(memory):
        return NEVER
    return memory.told_ns + timing.repeat_ns


def _settles(memory: AlertMemory, timing: Timing) -> int:
    """
    When it flaps no more, and that changes anything: it is told that it fires, or that it is over.
    """
    if memory.hushed is not Reason.FLAPPING:
        return NEVER
    if memory.state is State.FIRING:
        clears = memory.cycle == 0 and memory.clear_since_ns is not None and memory.unknown_since_ns is None
        return NEVER if clears else settles_ns(memory, timing)
    return settles_ns(memory, timing) if memory.state in (State.RESOLVED, State.INACTIVE) else NEVER


def _held_back(memory: AlertMemory) -> bool:
    """
    It fires, and nobody was told yet; or something hushes it.
    """
    return (memory.state is State.FIRING and memory.cycle == 0) or memory.hushed not in (None, Reason.FLAPPING)
