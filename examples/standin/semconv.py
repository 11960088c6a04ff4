"""
Which attribute names does an HTTP span carry?

OpenTelemetry renamed them when the HTTP conventions became stable; applications of both ages are in the field.

>>> names("new").status, names("old").status
('http.response.status_code', 'http.status_code')
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpNames:
    """
    One generation of names; `duration_unit` is what the server histogram counts in.
    """

    method: str
    status: str
    scheme: str
    path: str
    url: str
    peer: str
    peer_port: str
    route: str = "http.route"
    duration: str
    duration_unit: str
    duration_per_second: float
    buckets: tuple[float, ...]


# The boundaries that the HTTP conventions advise for http.server.request.duration, and two more at 1.5 s and 2 s.
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 5.0, 7.5, 10.0)

NEW = HttpNames(
    method="http.request.method",
    status="http.response.status_code",
    scheme="url.scheme",
    path="url.path",
    url="url.full",
    peer="server.address",
    peer_port="server.port",
    duration="http.server.request.duration",
    duration_unit="s",
    duration_per_second=1.0,
    buckets=BUCKETS_SECONDS,
)
OLD = HttpNames(
    method="http.method",
    status="http.status_code",
    scheme="http.scheme",
    path="http.target",
    url="http.url",
    peer="net.peer.name",
    peer_port="net.peer.port",
    duration="http.server.duration",
    duration_unit="ms",
    duration_per_second=1000.0,
    buckets=tuple(1000 * bound for bound in BUCKETS_SECONDS),
)


def names(generation: Literal["new", "old"]) -> HttpNames:
    return NEW if generation == "new" else OLD
