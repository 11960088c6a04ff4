"""
What is sent where an instance lives a minute?

Series in groups: in every round a quarter of them is in its first round, a quarter in its second, and so on; a group at
the end of its life is followed by one of other instances. So a quarter of all series is new in each round, and none is
ever heard again after its fourth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench import samples
from bench.samples import Body, Series

LIVES = 4  # rounds of an instance: a minute, where it is asked every 15 seconds
ROUNDS = 3 * LIVES
SHARDS = 8


@dataclass(slots=True, kw_only=True)
class Churn:
    """
    The groups of some shards, laid out once.
    """

    shards: Sequence[Sequence[Series]]
    _groups: dict[tuple[int, int, int], Body] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        """
        How many samples all rounds have.
        """
        return ROUNDS * sum(len(part) for shard in self.shards for part in _parts(shard))

    def rounds(self, *, first_ms: int, step_ms: int) -> list[list[bytes]]:
        """
        For each shard its bodies, one a round.
        """
        return [
            [self._body(shard, round_, first_ms + round_ * step_ms) for round_ in range(ROUNDS)]
            for shard in range(len(self.shards))
        ]

    def expected(self) -> dict[str, tuple[int, int]]:
        """
        What each indicator counts of it: of each series all steps but the first, which is only the base.
        """
        return samples.expected(self._counted())

    def _body(self, shard: int, round_: int, at_ms: int) -> bytes:
        raw = bytearray()
        for part in range(LIVES):
            age, life = _age(round_, part)
            raw += self._group(shard, part, life).at(age, at_ms)
        return samples.pack(bytes(raw))

    def _group(self, shard: int, part: int, life: int) -> Body:
        key = (shard, part, life)
        if key not in self._groups:
            self._groups[key] = Body(series=[one.reborn(life) for one in _parts(self.shards[shard])[part]])
        return self._groups[key]

    def _counted(self) -> Iterator[tuple[Series, int]]:
        for shard in self.shards:
            for part, series in enumerate(_parts(shard)):
                lives = [_age(round_, part)[1] for round_ in range(ROUNDS)]
                for life in set(lives):
                    yield from ((one, lives.count(life) - 1) for one in series)


def _parts(shard: Sequence[Series]) -> list[Sequence[Series]]:
    size = len(shard) // LIVES
    return [shard[part * size : (part + 1) * size] for part in range(LIVES)]


def _age(round_: int, part: int) -> tuple[int, int]:
    """
    How old a part is in a round, and which life it lives (the fleet itself is life 0).
    """
    return (round_ + part) % LIVES, 1 + (round_ + part) // LIVES
