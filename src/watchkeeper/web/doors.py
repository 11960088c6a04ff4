"""
What does a door need to know beside the watch itself?

The daemon fills it in: where it listens, what it is called from outside, and the few things that it alone can do.

>>> Doors(listen="127.0.0.1:8080", version="0.1.0").hosts
frozenset({'127.0.0.1:8080', '[::1]:8080', 'localhost:8080'})
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.outside.http import HttpClient
from watchkeeper.prove.forecast import Forecast

#: The names by which this machine reaches itself.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _no_mistakes() -> Mistakes | None:
    return None


def _no_checks() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """
    Everything that the pages and the API need beside the watch.

    `listen` is HOST:PORT of the socket, `address` the public base address of links (empty: the listening one). `checks`
    gives the readiness of the daemon's parts by name: "ok", or a sentence. `standin` is the stand-in's control address.
    """

    listen: str
    version: str
    address: str = ""
    allowed_hosts: frozenset[str] = frozenset()
    fast: bool = False
    standin: str | None = None
    client: HttpClient | None = None  # calls the stand-in; must be allowed to reach this machine
    reload: Callable[[], Mistakes | None] = _no_mistakes  # reads the manual again; the mistakes that kept it out
    mistakes: Callable[[], Mistakes | None] = _no_mistakes  # what is wrong on disk while an older manual runs
    checks: Callable[[], Mapping[str, str]] = _no_checks
    forecast: Callable[[str], Sequence[Forecast]] | None = None  # by the name of a fault

    @property
    def port(self) -> str:
        """
        The port of the socket, as text.
        """
        return self.listen.rpartition(":")[2]

    @property
    def hosts(self) -> frozenset[str]:
        """
        The values of the Host header that are ours: this machine's own names with our port, and the public one.
        """
        own = {f"{name}:{self.port}" for name in LOOPBACK} | {self.listen.lower()}
        if self.port == "80":  # browsers leave the port of plain http out
            own |= set(LOOPBACK)
        public = {urlsplit(self.address).netloc.lower()} - {""}
        return frozenset(own | public | {host.lower() for host in self.allowed_hosts})

    @property
    def base(self) -> str:
        """
        The address that links begin with, without a slash at its end.
        """
        return (self.address or f"http://{self.listen}").rstrip("/")
