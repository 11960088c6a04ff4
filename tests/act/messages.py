"""
Messages for tests: valid by default, a test names what it is about.
"""

from __future__ import annotations

from typing import Any

from watchkeeper.act.message import Fact, Message
from watchkeeper.decide.values import Kind

NOON_NS = 1772366400 * 10**9  # 2026-03-01T12:00:00Z

EVIL = "<!channel> @everyone [look](http://evil.example) **now** `rm` <@123> & ||x|| http://evil.example"


def a_message(**changed: Any) -> Message:
    fields: dict[str, Any] = {
        "kind": Kind.FIRING,
        "subject": "parse-success[platform=spotify]",
        "title": "P2 · Parse success on spotify is 93.4 %, below 95 % over 15 min",
        "at_ns": NOON_NS,
        "facts": (
            Fact(name="Numbers", text="14 of 212 parses failed, 6.6 %, limit 5 % over 15 min"),
            Fact(name="Runbook", text="A platform answers 429", url="http://watch.example/runbooks/vendor-429"),
        ),
        "severity": "P2",
        "data": {"rule": "parse-success"},
    }
    return Message(**{**fields, **changed})
