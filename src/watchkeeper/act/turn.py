"""
How does one turn go?

Gather the facts, ask `decide`, write its plan in one transaction. There is almost no branch here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.act import memory
from watchkeeper.act.asking import gather
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.turn import TurnFacts, decide_turn
from watchkeeper.decide.values import TurnPlan
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.engine import Engine
from watchkeeper.store.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    What the turns of one revision of the manual go by.
    """

    manual: Manual
    rules: Mapping[str, Rule]
    meanings: Mapping[str, str]  # of the indicator behind each rule
    revision: int


def take_turn(standing: Standing, engine: Engine, state: State, *, now_ns: int) -> TurnPlan:
    """
    One turn: facts, decision, and all that follows from it as rows. The engine must not change meanwhile.
    """
    engine.advance(now_ns)
    asked, events = gather(standing.rules, engine, now_ns=now_ns)
    with state.reading() as view:
        facts = TurnFacts(
            manual=standing.manual,
            rules=standing.rules,
            asked=asked,
            events=events,
            memories=memory.memories(view),
            channels=memory.channel_facts(view, standing.manual, now_ns=now_ns),
            open_incidents=memory.open_incidents(view),
        )
    plan = decide_turn(facts, now_ns=now_ns)
    if plan.memories or plan.notices or plan.closes:
        with state.transaction() as tx:
            memory.remember(tx, plan, meanings=standing.meanings, revision=standing.revision)
    return plan
