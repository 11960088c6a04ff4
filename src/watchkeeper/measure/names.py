"""
Which attribute on the wire does a name of the manual stand for?

A manual may write a short name (`status`) or the name on the wire (`http.response.status_code`). Either finds the value
under the name that instrumentation uses today and under the one it used before.

>>> candidates("status")
('status', 'http.response.status_code', 'http.status_code')
>>> candidates("http.method")
('http.method', 'http.request.method')
>>> candidates("platform")
('platform',)

The names are those of the OpenTelemetry semantic conventions: "HTTP spans", "Resource: service, host, deployment", and,
for the earlier ones, the migration guide "HTTP semantic convention stability".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Short name -> names on the wire, the one in use today first.
SHORT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "status": ("http.response.status_code", "http.status_code"),
        "route": ("http.route",),
        "method": ("http.request.method", "http.method"),
        "path": ("url.path", "http.target"),  # the earlier one carries the query too
        "host": ("server.address", "net.host.name", "http.host", "host.name"),
        "service": ("service.name",),
        "instance": ("service.instance.id",),
        "version": ("service.version",),
        "environment": ("deployment.environment.name", "deployment.environment"),
    }
)

#: Names on the wire that were changed: today's, and the one before it.
RENAMED: Final[tuple[tuple[str, str], ...]] = (
    ("http.request.method", "http.method"),
    ("http.response.status_code", "http.status_code"),
    ("url.path", "http.target"),
    ("url.full", "http.url"),
    ("url.scheme", "http.scheme"),
    ("server.address", "net.host.name"),
    ("server.port", "net.host.port"),
    ("client.address", "http.client_ip"),
    ("user_agent.original", "http.user_agent"),
    ("network.protocol.version", "http.flavor"),
    ("deployment.environment.name", "deployment.environment"),
)

#: How the `kind` of a span is written, by its number in the protocol; 0 is "not said".
SPAN_KINDS: Final[Mapping[int, str]] = MappingProxyType(
    {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
)

_OTHER: Final = MappingProxyType({old: new for new, old in RENAMED} | dict(RENAMED))


def candidates(name: str) -> tuple[str, ...]:
    """
    The attributes that may carry it, best first: the very name, then what it stands for.

    The best one that an item carries counts; where it carries none the scope is asked, then the resource.
    """
    if name in SHORT:
        return (name, *SHORT[name])
    return (name, _OTHER[name]) if name in _OTHER else (name,)
