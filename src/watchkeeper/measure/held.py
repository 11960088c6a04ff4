"""
What does a series hold in one slot, for drawing: merges and histogram together?
"""

from dataclasses import dataclass, field

from watchkeeper.measure.merges import Merge


@dataclass(slots=True, kw_only=True)
class Held(Merge):
    """
    A merge with its histogram.
    """

    buckets: dict[int, int] = field(default_factory=dict)

    def take(self, other: Merge) -> None:
        """
        Merge another into this one; the other stays as it is.
        """
        Merge.take(self, other)
        if isinstance(other, Held):
            for bucket, n in other.buckets.items():
                self.buckets[bucket] = self.buckets.get(bucket, 0) + n
