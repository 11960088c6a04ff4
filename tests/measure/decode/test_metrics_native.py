"""
The compiled walk over metrics gives what the reference gives, whatever comes in.
"""

import random

import pytest

from tests.measure.decode import metric_bodies as bodies
from tests.measure.decode.metric_bodies import S, T, WANTED, World
from tests.measure.native.guard import Guard
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.otlp_metrics import Metrics
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.values import Decoded

walks = native("metrics")
pytestmark = pytest.mark.skipif(walks is None, reason="not compiled")


class Both:
    """
    The two side by side, each with a memory of its own.
    """

    def __init__(self, view, guard):
        self.view, self.guard = view, guard
        self.compiled, self.reference = Metrics(WANTED), Metrics(WANTED, native=False)
        self.here, self.there = CounterMemory(), CounterMemory()
        self.accepted = self.seen = 0

    def agree(self, body):
        self.here.begin()
        self.there.begin()
        found = self.compiled.decode(self.guard.put(body), json=False, counters=self.here)
        wanted = self.reference.decode(body, json=False, counters=self.there)
        assert self.view(found) == self.view(wanted), body.hex()
        assert self.here.patch() == self.there.patch(), body.hex()
        self.here.commit()
        self.there.commit()
        self.seen += 1
        self.accepted += isinstance(found, Decoded)

    @property
    def left(self):
        """
        How many bodies were left to the reference.
        """
        return self.compiled._native.reference


@pytest.fixture
def both(view):
    with Guard(1 << 20) as guard:
        yield Both(view, guard)


def stories(both, cases, seed):
    """
    Worlds of 50 bodies each: as they are, disturbed, damaged.
    """
    for story in range(cases // 50):
        world = World(seed + story)
        for _ in range(50):
            body = world.body().SerializeToString()
            match world.chance.randrange(10):
                case 0 | 1 | 2:
                    body = bodies.disturbed(world.chance, body)
                case 3:
                    body = bodies.disturbed(world.chance, bodies.disturbed(world.chance, body))
                case 4:
                    body = bodies.damaged(world.chance, body)
            both.agree(body)


def test_ten_thousand_bodies(both):
    stories(both, 10_000, seed=0)
    assert both.accepted > 8_000


@pytest.mark.torture
def test_a_million_bodies(both):
    stories(both, 1_000_000, seed=10**6)


def test_what_senders_send_is_never_left_to_the_reference(both):
    world = World(1)
    for _ in range(500):
        both.agree(world.body().SerializeToString())
    assert (both.accepted, both.left) == (500, 0)
