"""
How does made-up traffic vary without surprising anyone?

Times and choices are random from a seed. Failures are not: a share of 5 % fails every twentieth, so a healthy
application never looks sick by bad luck, and a sick one never looks healthy.

>>> even = EvenShare()
>>> [even.takes("spotify", 0.4) for _ in range(5)]
[False, False, True, False, True]
"""

import math
import random
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from standin.scenario import Latency

T = TypeVar("T")
Z95 = 1.6448536269514722  # the normal distribution's 95 % point


class EvenShare:
    """
    Takes a share of what passes, evenly spaced, counted apart for each key.
    """

    def __init__(self) -> None:
        self._owed: defaultdict[str, float] = defaultdict(float)

    def takes(self, key: str, share: float) -> bool:
        owed = self._owed[key] + share
        taken = owed >= 1 - 1e-9
        self._owed[key] = owed - 1 if taken else owed
        return taken


def draw_latency(latency: Latency, rng: random.Random, *, factor: float = 1.0) -> float:
    """
    Seconds until the answer: log-normal with the given median and 95 % point, cut at ten times the latter.
    """
    sigma = math.log(latency.p95 / latency.median) / Z95
    return factor * min(latency.median * math.exp(sigma * rng.gauss(0, 1)), 10 * latency.p95)


def draw_weighted(weights: Mapping[T, float], rng: random.Random) -> T:
    """
    One of the keys, each as often as its weight says.
    """
    return rng.choices(list(weights), weights=list(weights.values()))[0]
