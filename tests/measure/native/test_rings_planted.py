"""
Would the tests notice a defect in the compiled loops of rings?
"""

import random
from pathlib import Path

import numpy as np
import pytest

from tests.measure.native.needed import need
from tests.measure.native.planted import Defect, caught
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.native import backend
from watchkeeper.measure.rings import Ring

TIER = Tier(name="fine", slot_ns=10, length=50)
DEFECTS = {
    "a slot of 16 bits wraps round": ("found < 0 or found > 65535", "found < 0"),
    "a slot of 32 bits wraps round": ("found < 0 or found > 4294967295", "found < 0"),
    "a block is not told": ("            b32[i, c >> 4] += amount\n", ""),
    "a block is read for its last slot but one": ("while a + 16 <= b:", "while a + 15 <= b:"),
    "what is older than the ring counts": ("inside = head - length < slot <= head", "inside = slot <= head"),
    "a window that wraps round loses its end": (
        "                total += span(c16, b16, i, 0, b - <Py_ssize_t>length)\n",
        "                pass\n",
    ),
    "a word counts one slot longer": ("spoke = slot + reach - 1\n", "spoke = slot + reach\n"),
}


def hunt(part):
    """
    The first difference between a ring of this part and the reference.
    """
    pick = random.Random(11)
    for _ in range(60):
        mine, reference = Ring(TIER, head=1000), Ring(TIER, head=1000, native=False)
        mine._loops = part
        for _ in range(6):
            by, n = pick.choice((0, 1, 3, 20, 49, 60)), pick.randrange(12)
            columns = [
                (
                    pick.randrange(6),
                    mine.head + by - pick.choice((-1, 0, 0, 1, 1, 2, pick.randrange(60))),
                    pick.choice((1, 300, 65_000, 2**31, 2**32 - 1, 2**33, -5)),
                )
                for _ in range(n)
            ]
            rows, slots, amounts = (
                np.array(one, dtype=np.int64) for one in (zip(*columns, strict=True) if n else ((),) * 3)
            )
            asked = [
                np.array([pick.randrange(lo, hi) for _ in range(30)], dtype=np.int64)
                for lo, hi in ((-1, 8), (-60, 0), (-60, 3))
            ]
            reach = np.array([pick.randrange(1, 9) for _ in range(30)], dtype=np.int64)
            for ring in (mine, reference):
                ring.advance(ring.head + by)
                ring.add(rows, slots, amounts)
            which, first, last = asked[0], mine.head + asked[1], mine.head + np.maximum(asked[1], asked[2])
            for name, more in (("sums", ()), ("known", (reach,))):
                found, wanted = (getattr(ring, name)(which, first, last, *more).tolist() for ring in (mine, reference))
                if found != wanted:
                    return f"{name}: {found} where the reference has {wanted}"
    return None


def test_the_hunt_finds_nothing_in_the_sound_part():
    need("rings")
    assert hunt(backend.native("rings")) is None


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(tmp_path: Path, name: str):
    need("rings")
    old, new = DEFECTS[name]
    assert caught(Defect(part="rings", file="rings.pyx", old=old, new=new), f"{__name__}:hunt", tmp_path) is not None
