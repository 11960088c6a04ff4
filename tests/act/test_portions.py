"""A plan that is written in portions is written whole, and each rule in one piece."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.act.portions import portions
from watchkeeper.decide.paging.values import EndPage, OpenPage
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    CloseIncident,
    Kind,
    Notice,
    OpenIncident,
    State,
    Transition,
    TurnPlan,
)

keys = st.builds(AlertKey, rule=st.sampled_from("abcdefgh"), label=st.just("l"), value=st.sampled_from("xyzuvw"))


@settings(max_examples=100, deadline=None)
@given(st.lists(keys, unique=True, max_size=30), st.integers(1, 9))
def test_nothing_is_lost_or_written_twice_and_no_rule_is_torn_apart(known, most):
    told: dict[str, Any] = {"kind": Kind.FIRING, "channel": "chat", "reason": Reason.FIRST, "at_ns": 1}
    changed: dict[str, Any] = {"old": State.INACTIVE, "new": State.FIRING, "at_ns": 1, "reason": Reason.BEGAN_TO_HOLD}
    opened: dict[str, Any] = {
        "title": "",
        "severity": "P1",
        "service": None,
        "at_ns": 1,
        "reason": Reason.SEVERITY_OPENS,
    }
    plan = TurnPlan(
        at_ns=1,
        memories=tuple(AlertMemory(key=key) for key in known),
        transitions=tuple(Transition(key=key, **changed) for key in known),
        notices=(*(Notice(key=key, **told) for key in known), Notice(key=AlertKey(rule="digest of chat"), **told)),
        opens=tuple(OpenIncident(alerts=(key,), **opened) for key in known),
        pages=tuple(
            OpenPage(key="all", title="", policy="", severity=None, service=None, alerts=(key,), at_ns=1)
            for key in known
        ),
        page_ends=(EndPage(id=1, at_ns=1, reason=Reason.ALERTS_OVER, alerts=tuple(known)),) if known else (),
        closes=(CloseIncident(id=1, at_ns=1, reason=Reason.ALERTS_RESOLVED),),
    )
    found = list(portions(plan, most=most))
    for part in ("memories", "transitions", "notices", "opens", "closes", "pages", "page_ends"):
        written = [one for portion in found for one in getattr(portion, part)]
        assert sorted(map(str, written)) == sorted(map(str, getattr(plan, part)))
    rules = [{memory.key.rule for memory in portion.memories} for portion in found]
    assert sum(map(len, rules)) == len(set().union(*rules))
    assert all(len(portion.memories) <= most or len(mine) == 1 for portion, mine in zip(found, rules, strict=True))
    assert found[-1].closes
    assert not any(portion.page_ends for portion in found[:-1])  # it ends with the last of its alerts
    for portion in found:
        assert {page.alerts[0].rule for page in portion.pages} <= {memory.key.rule for memory in portion.memories}
