"""A fast burn says what a slower burn of the same budget would say again; when it is over, the slower one is told."""

from fractions import Fraction

import pytest

from watchkeeper.decide.conditions import Asked
from watchkeeper.decide.rules import rules_of
from watchkeeper.decide.turn import TurnFacts, decide_turn
from watchkeeper.decide.values import AlertKey, AlertMemory, Kind, State
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Answer

MINUTE = 60 * 10**9
NOW = 1_000 * MINUTE


def manual(alerts: str, routes: str = "[{tell: [chat]}]"):
    loaded = load_text(f"""
watchkeeper: 1
manual: Shop
streams: {{orders: {{spans: 'name == "order"'}}}}
indicators: {{success: {{from: orders, good: ok, by: [country]}}}}
objectives:
  success: {{indicator: success, targets: [">= 99%"]}}
  other: {{indicator: success, targets: [">= 98%"]}}
alerts: {{{alerts}}}
severities: {{P1: {{}}, P2: {{}}}}
channels:
  chat: {{kind: slack, address_env: CHAT}}
  mail: {{kind: webhook, address_env: MAIL}}
  later: {{kind: email, planned: true}}
routes: {routes}
""")
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


FAST = 'fast: {objective: success, when: "burn > 14.4 over 1h and 5m", severity: P1}'
SLOW = 'slow: {objective: success, when: "burn > 6 over 6h and 30m", severity: P2, repeat_every: 1h}'
BOTH = manual(f"{FAST}, {SLOW}")
F, S = AlertKey(rule="fast"), AlertKey(rule="slow")


class Turns:
    """Turns one after another, each with the burn rates that are said."""

    def __init__(self, said) -> None:
        self.manual, self.rules = said, rules_of(said)
        self.memories: dict[AlertKey, AlertMemory] = {}
        self.now_ns = NOW

    def __call__(self, minutes=0, **rates):
        self.now_ns += minutes * MINUTE
        asked = {AlertKey(rule=name): self._asked(self.rules[name], rate) for name, rate in rates.items()}
        facts = TurnFacts(manual=self.manual, rules=self.rules, asked=asked, memories=self.memories)
        plan = decide_turn(facts, now_ns=self.now_ns)
        self.memories |= {memory.key: memory for memory in plan.memories}
        return [(str(one.key), one.kind.value, one.send, one.reason.value) for one in plan.notices], plan

    def _asked(self, rule, rate):
        answer = Answer(start_ns=0, end_ns=NOW, count=10_000, matched=10_000 - round(rate * 100), known=10, slots=10)
        return Asked(answers=(answer, answer), good=True, target=rule.target, allowed=Fraction(1, 100))


def test_while_the_fast_one_fires_the_slow_one_is_held_back_and_says_why():
    turn = Turns(BOTH)
    said, plan = turn(fast=20, slow=20)
    assert said == [("fast", "firing", True, "first"), ("slow", "firing", False, "faster-fires")]
    assert plan.notices[1].because_of == "fast"
    assert turn(minutes=1, fast=20, slow=20)[0] == []
    assert turn.memories[S].state is State.FIRING


def test_when_the_fast_one_is_over_the_slow_one_that_still_fires_is_told_once():
    turn = Turns(BOTH)
    turn(fast=20, slow=20)
    turn(minutes=1, fast=7, slow=7)
    assert turn(minutes=2, fast=7, slow=7)[0] == [
        ("fast", "resolved", True, "over"),
        ("slow", "firing", True, "faster-over"),
    ]
    assert turn(minutes=1, fast=7, slow=7)[0] == []
    assert turn(minutes=60, fast=7, slow=7)[0] == [("slow", "firing", True, "repeat")]


def test_nobody_hears_of_the_end_of_what_nobody_was_told():
    turn = Turns(BOTH)
    turn(fast=20, slow=20)
    turn(minutes=1, fast=0, slow=0)
    assert turn(minutes=2, fast=0, slow=0)[0] == [
        ("fast", "resolved", True, "over"),
        ("slow", "resolved", False, "not-told"),
    ]


def test_a_slow_one_that_is_clearing_already_is_not_told_when_the_fast_one_ends():
    turn = Turns(BOTH)
    turn(fast=20, slow=20)
    turn(minutes=1, fast=0, slow=20)
    turn(fast=0, slow=0)
    turn.memories[S] = turn.memories[S].evolve(clear_since_ns=turn.now_ns + MINUTE // 2)
    assert [line for line in turn(minutes=1, fast=0, slow=0)[0] if line[0] == "slow"] == []


def test_a_slow_one_that_was_told_before_is_not_repeated_but_its_end_is_told():
    turn = Turns(BOTH)
    assert turn(fast=7, slow=7)[0] == [("slow", "firing", True, "first")]
    assert turn(minutes=1, fast=20, slow=20)[0] == [("fast", "firing", True, "first")]
    assert turn(minutes=60, fast=20, slow=20)[0] == [("slow", "firing", False, "faster-fires")]
    assert turn(minutes=1, fast=20, slow=20)[0] == []
    turn(minutes=1, fast=20, slow=0)
    assert turn(minutes=2, fast=20, slow=0)[0] == [("slow", "resolved", True, "over")]


def test_a_held_one_is_told_when_the_rule_that_held_it_is_gone():
    turn = Turns(BOTH)
    turn(fast=20, slow=20)
    turn.manual = manual(SLOW)
    turn.rules = rules_of(turn.manual)
    assert ("slow", "firing", True, "faster-over") in turn(minutes=1, slow=20)[0]


def test_unknown_for_long_is_asked_by_the_fast_one_alone():
    turn = Turns(BOTH)
    turn(fast=20, slow=20)
    dark = Asked(answers=(Answer(start_ns=0, end_ns=NOW, slots=10),) * 2, good=True)
    for minutes in (1, 40):
        turn.now_ns += minutes * MINUTE
        facts = TurnFacts(manual=BOTH, rules=turn.rules, asked={F: dark, S: dark}, memories=turn.memories)
        plan = decide_turn(facts, now_ns=turn.now_ns)
        turn.memories |= {memory.key: memory for memory in plan.memories}
    assert [(str(one.key), one.kind) for one in plan.notices] == [("fast", Kind.UNKNOWN)]


@pytest.mark.parametrize(
    ("alerts", "faster"),
    [
        (f"{FAST}, {SLOW}", ("fast",)),
        (f"{FAST}, {SLOW.replace('success', 'other')}", ()),
        (f"{FAST.replace('objective: success', 'objective: success, each: country')}, {SLOW}", ()),
        (f"{FAST.replace('> 14.4', '> 14.4').replace('5m', '5m in any country')}, {SLOW}", ()),
        (f"{FAST.replace('14.4 over 1h', '14.4 over 12h')}, {SLOW}", ()),
        (f"{FAST.replace('14.4', '6')}, {SLOW}", ("fast",)),
        (f"{FAST.replace('>', '<')}, {SLOW}", ()),
        (f"{FAST.replace('}', ', tell: [mail]}')}, {SLOW}", ()),
        (f"{FAST.replace('}', ', tell: [later]}')}, {SLOW}", ()),
        (f"{FAST.replace('}', ', tell: [mail, chat]}')}, {SLOW}", ("fast",)),
        (f"{FAST}, {SLOW.replace('}', ', tell: [mail, chat]}')}", ()),
    ],
)
def test_only_a_faster_burn_of_the_same_that_everybody_hears_of_holds_back(alerts, faster):
    assert rules_of(manual(alerts))["slow"].faster == faster
    assert rules_of(manual(alerts))["fast"].faster == ()


def test_a_storm_of_burns_finds_its_pairs_without_comparing_all_with_all():
    many = manual(", ".join(f"f{i}: {{objective: success, when: 'burn > {i + 1} over {60 - i}m'}}" for i in range(20)))
    rules = rules_of(many)
    assert rules["f0"].faster == tuple(f"f{i}" for i in range(19, 0, -1))
