"""
What did a channel hold back?

Counted when the digest is written, so that it says later what was true then:

>>> alert = {"rule": "parse-success", "value": "spotify"}
>>> held = [alert | {"kind": "firing", "at_ns": 1}, alert | {"kind": "resolved", "at_ns": 2}]
>>> gather(held)[0]["counts"], gather(held)[0]["last"]
({'firing': 1, 'resolved': 1}, 'resolved')
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

SHOWN = 10  # alerts that people are shown; a program gets all

_TIMES = {1: "once", 2: "twice"}
_SAYS = {
    "firing": "fired",
    "resolved": "resolved",
    "event": "happened",
    "unknown": "was unknown",
    "withdrawn": "withdrawn",
}


def gather(bodies: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    The held messages by alert, oldest alert first; what they had taken into themselves counts too.
    """
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for body in bodies:
        key = (body["rule"], body.get("value", ""))
        group = groups.setdefault(key, {"rule": key[0], "value": key[1], "counts": {}})
        counts = Counter(group["counts"])
        counts.update([*body.get("merged", ()), body["kind"]])
        group |= {"counts": dict(counts), "last": body["kind"], "last_at_ns": body["at_ns"]}
    return list(groups.values())


def total(groups: Iterable[Mapping[str, Any]]) -> int:
    """
    How many messages were held.
    """
    return sum(sum(group["counts"].values()) for group in groups)


def counted(group: Mapping[str, Any]) -> str:
    """
    What happened to one alert: `fired twice, resolved once`.
    """
    return ", ".join(
        f"{_SAYS.get(kind, kind)} {_TIMES.get(times, f'{times} times')}" for kind, times in group["counts"].items()
    )
