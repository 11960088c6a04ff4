"""
What does an event cost as the manual grows?

Each span counts for exactly two indicators, however many there are. First it is always the same two times five that are
spoken of, and only the manual grows; then the traffic is spread over all indicators, so that each batch of 512 spans
touches hundreds of series that the smaller manual does not have.
"""

import time

from bench import material
from bench.decoding import SpanWay, rate
from bench.rows import Row, ratio
from bench.setting import Setting

SAME = "cost per event, 10 -> 10,000 indicators"
SPREAD = "the same, traffic spread over all indicators"
TARGET = 0.6
FEW, MANY = 10, 10_000
BODIES, PASSES = 24, 4
PEER = f"ours with {FEW} indicators"
HANGS_ON = "More series are touched by a batch, so less of it is summed before it leaves the batch."


def measure(setting: Setting) -> list[Row]:
    """
    The cost with few indicators over the cost with many: 1 is flat.
    """
    now_ns = time.time_ns()
    few, many = (SpanWay(material.manual_of_size(n), now_ns, native=True) for n in (FEW, MANY))
    narrow, wide = (
        [material.spans(now_ns=now_ns, seed=seed, shards=shards // 2) for seed in range(BODIES)]
        for shards in (FEW, MANY)
    )
    for way, bodies in ((few, narrow), (many, narrow), (many, wide)):
        way.take(bodies)  # each signature is matched once
    same, spread, base = [], [], []
    for _ in range(setting.repeat):
        base.append(1e9 / rate(few, narrow, PASSES))
        same.append(1e9 / rate(many, narrow, PASSES))
        spread.append(1e9 / rate(many, wide, PASSES))
    return [
        _row(SAME, same, base, "Each span counts for two indicators; the others are not spoken of."),
        _row(SPREAD, spread, base, "Each span counts for two indicators, any of them."),
    ]


def _row(name: str, ours: list[float], theirs: list[float], says: str) -> Row:
    return ratio(
        name,
        "CPU-ns per span",
        ours=ours,
        theirs=theirs,
        peer=PEER,
        target=TARGET,
        more_is_better=False,
        hangs_on=HANGS_ON,
        says=says,
    )
