"""
Do the peer's rules and our sweep give the same answers?

At a whole hour, when no window cuts a slot of ours, and in between, when some do: our counts must be what was recorded
in whole slots, the error ratios must then agree as far as floats go, and every burn alert must be judged alike.
"""

from collections.abc import Mapping
from fractions import Fraction

from bench import history, sloth
from bench.history import History
from bench.peers.prometheus import Prometheus
from bench.recorded import EVERY_SECONDS, Recorded, name_of
from watchkeeper.act.asking import keys_of, posed_of
from watchkeeper.decide.rules import rules_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import REAL, SECOND
from watchkeeper.measure.sweep import CLEAR, HOLDS, Sweep

#: PromQL rounds two rates and their ratio, we round once: each by half of a float's last digit.
EXACT = 4 * 2**-53

Ratios = dict[str, float]  # by objective


class Differs(Exception):
    """
    The two do not give the same answers, or ours are not what was recorded.
    """


def agreement(server: Prometheus, past: History, recorded: Recorded, manual: Manual, *, now: int) -> str:
    """
    How well the two agree, at an hour and in between; raises Differs where it is not as said.
    """
    hour = now // 3600 * 3600
    between = hour - 61 * EVERY_SECONDS
    worst, exact, ratios = dict[str, float](), 0.0, dict[str, Ratios]()
    for at in (between, hour):
        past.until(at)
        for window, seconds in sloth.WINDOWS.items():
            ratios[window] = {
                dict(labels)["slo"]: one for labels, one in server.query(sloth.ratio(window), at=at).items()
            }
            apart = _apart(ratios[window], past, recorded, window, at)
            begin = at - seconds
            slot = _slot_seconds(seconds)
            if begin % slot:
                worst[window] = apart
            elif apart > EXACT:
                raise Differs(f"{window} at {at}: {apart:.2g} apart, though no slot is cut")
            else:
                exact = max(exact, apart)
    sweep = swept(manual, past.engine)
    alike = _as_the_rules_say(sweep, manual, ratios, hour)
    sweep.close()
    inexact = ", ".join(f"{window} {apart:.2%} (slots of {_slot(window)})" for window, apart in worst.items())
    return (
        f"{alike} burn alerts judged alike. The same error ratios to {exact:.1e} in windows that cut no slot; "
        f"where they do, apart by at most {inexact}."
    )


def _apart(theirs: Ratios, past: History, recorded: Recorded, window: str, at: int) -> float:
    """
    The largest difference between the two, relative to the peer's; ours is first held to what was recorded.
    """
    seconds = sloth.WINDOWS[window]
    slot = _slot_seconds(seconds)
    requests, failed = history.counted(recorded, (at - seconds) // slot * slot, at)
    questions = [
        Question(indicator=name_of(i), window=Span(ns=seconds * SECOND), merges=False)
        for i in range(recorded.objectives)
    ]
    apart = 0.0
    for i, answer in enumerate(past.engine.ask_all(questions, at * SECOND)):
        if (answer.count, answer.matched) != (int(requests[i]), int(failed[i])):
            raise Differs(
                f"{name_of(i)} over {window}: {answer.matched} of {answer.count}, recorded {failed[i]} of {requests[i]}"
            )
        mine, other = float(Fraction(answer.matched, answer.count)), theirs[name_of(i)]
        apart = max(apart, abs(mine - other) / (other or 1.0))
    return apart


def _slot_seconds(window_seconds: int) -> int:
    return REAL.tier_for(window_seconds * SECOND).slot_ns // SECOND


def _slot(window: str) -> str:
    seconds = _slot_seconds(sloth.WINDOWS[window])
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"


def _as_the_rules_say(sweep: Sweep, manual: Manual, ratios: Mapping[str, Ratios], at: int) -> int:
    """
    How many burn alerts the sweep judges as the peer's rules would; raises Differs where it does not.
    """
    truths = dict(zip(rules_of(manual), sweep.truths(at * SECOND).tolist(), strict=True))
    n = 0
    for name in manual.objectives:
        for kind, pairs in sloth.PAIRS.items():
            for long, short, factor in pairs:
                fires = all(ratios[window][name] > factor * sloth.ALLOWED for window in (long, short))
                if truths[f"{name}-{kind}-{long}"] != (HOLDS if fires else CLEAR):
                    raise Differs(f"{name} burns over {long} and {short}: the rules say {fires}")
                n += 1
    return n


def swept(manual: Manual, engine: Engine) -> Sweep:
    """
    A sweep of all alerts of a manual, in its order.
    """
    rules = rules_of(manual).values()
    return Sweep(engine, [posed_of(rule, key, engine) for rule in rules for key in keys_of(rule, engine)])
