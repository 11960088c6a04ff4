"""
Which of two Prometheus servers that scrape the same is listened to?

A pair runs so that one may fail; both send everything. Where the series of a request carry both labels, CLUSTER and
REPLICA, one replica of each cluster is elected: the first that is heard. Another takes its place once the elected one
has been silent for 30 seconds. What the others send is answered as taken, and counted.

>>> replicas = Replicas()
>>> told = [("a", 0), ("b", 5), ("a", 20), ("b", 50), ("b", 51)]
>>> [replicas.takes("eu", name, now_ns=at * 1_000_000_000) for name, at in told]
[True, False, True, False, True]

The election lives in memory: after a restart the first heard is elected again, which harms nothing, since counters know
what they have counted and a sample that is not newer is dropped. Each turn of the elected costs the growth of at most
one scrape a later instant, never an event.
"""

from dataclasses import dataclass, field
from typing import Final

#: The labels that name a pair and one of it. The replica is not part of what a series is; the cluster is.
CLUSTER: Final = "cluster"
REPLICA: Final = "__replica__"

SILENT_NS: Final = 30 * 10**9
#: Clusters that are remembered; those longest unheard make room.
MOST_CLUSTERS: Final = 10_000


@dataclass(slots=True)
class _Elected:
    replica: str
    heard_ns: int


@dataclass(slots=True, kw_only=True)
class Replicas:
    """
    The elected replica of each cluster. Owned by one thread.
    """

    silent_ns: int = SILENT_NS
    _elected: dict[str, _Elected] = field(default_factory=dict)  # longest unheard first

    def takes(self, cluster: str, replica: str, *, now_ns: int) -> bool:
        """
        Whether what this replica sent at `now_ns` counts.
        """
        elected = self._elected.get(cluster)
        if elected is None or now_ns - elected.heard_ns > self.silent_ns:
            elected = _Elected(replica, now_ns)
        if elected.replica != replica:
            return False
        elected.heard_ns = max(elected.heard_ns, now_ns)
        self._elected.pop(cluster, None)
        self._elected[cluster] = elected
        if len(self._elected) > MOST_CLUSTERS:
            del self._elected[next(iter(self._elected))]
        return True

    def elected(self) -> dict[str, str]:
        """
        The replica of each cluster that is listened to.
        """
        return {cluster: one.replica for cluster, one in self._elected.items()}
