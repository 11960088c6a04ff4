"""Before an alert is due, and while its condition stays as it is, a turn changes nothing and tells nobody."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.decide.test_turn import MINUTE, NOW, SHOP, memories
from watchkeeper.decide import alerts, notices
from watchkeeper.decide.alerts import Timing
from watchkeeper.decide.dues import NEVER, next_due
from watchkeeper.decide.hushing import Hush, noted
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import rules_of
from watchkeeper.decide.values import AlertKey, Finding, Numbers, Silence, State, Truth

KEY = AlertKey(rule="nobody")
times = st.integers(0, 40 * MINUTE)
timings = st.builds(
    Timing,
    hold_ns=times,
    resolve_after_ns=times,
    unknown_after_ns=st.none() | times,
    asks_when_quiet=st.booleans(),
    repeat_ns=st.none() | times,
    flap_ns=st.none() | times,
)
findings = st.sampled_from(
    [
        (Truth.HOLDS, Reason.HOLDS),
        (Truth.CLEAR, Reason.CLEAR),
        (Truth.UNKNOWN, Reason.NOT_HEARD),
        (Truth.UNKNOWN, Reason.NO_EVENTS),
        (Truth.UNKNOWN, Reason.TOO_FEW),
    ]
)


def turned(memory, timing, finding, now_ns):
    """What a turn makes of it, and whether it tells anybody."""
    step = alerts.step(alerts.revive(memory, now_ns=now_ns), finding, timing, now_ns=now_ns)
    hush = Hush(reason=memory.hushed, because_of="it") if memory.hushed not in (None, Reason.FLAPPING) else None
    rule = rules_of(SHOP)["nobody"].__class__(
        name="nobody", alert=SHOP.alerts["nobody"], indicator="success", condition=None, timing=timing
    )
    if step.transition is None:
        silence = Silence(id=1, begin_ns=0, end_ns=NEVER) if memory.hushed is Reason.SILENCED else None
        step = replace(step, memory=noted(step.memory, rule, silence, now_ns=now_ns))
    return step, notices.reminder(step.memory, rule, finding, now_ns=now_ns, hush=lambda: hush)


@settings(max_examples=600, deadline=None)
@given(memories(KEY), timings, findings, st.integers(0, 90 * MINUTE))
def test_nothing_happens_before_it_is_due_and_something_once_it_is(memory, timing, found, later_ns):
    unheard = memory.unknown_since_ns is None and memory.state is not State.FIRING
    assume(memory.hushed in (None, Reason.FLAPPING) or not unheard)  # else a turn has forgotten it
    finding, now_ns = Finding(truth=found[0], reason=found[1], numbers=Numbers()), NOW + later_ns
    quiet = found[1] in (Reason.NO_EVENTS, Reason.TOO_FEW)
    due = next_due(memory, timing, found[0], quiet=quiet)
    step, told = turned(memory, timing, finding, now_ns)
    changed = step.memory != memory or step.transition is not None or told is not None
    assert changed is (due <= now_ns)


@settings(max_examples=300, deadline=None)
@given(memories(KEY), timings, findings)
def test_after_a_turn_it_is_due_later_or_never(memory, timing, found):
    finding = Finding(truth=found[0], reason=found[1], numbers=Numbers())
    step, told = turned(memory, timing, finding, NOW)
    if told is None and (step.transition is None or step.transition.new is not State.FIRING):
        quiet = found[1] in (Reason.NO_EVENTS, Reason.TOO_FEW)
        assert next_due(step.memory, timing, found[0], quiet=quiet) in (NEVER,) or (
            next_due(step.memory, timing, found[0], quiet=quiet) >= NOW
        )
