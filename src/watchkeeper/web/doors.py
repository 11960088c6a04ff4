"""
What does a door need to know beside the watch itself?

The daemon fills it in: where it listens, what it is called from outside, and the few things that it alone can do.

>>> sorted(Doors(address="http://127.0.0.1:8400").hosts)
['127.0.0.1:8400', '[::1]:8400', 'localhost:8400']
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urlsplit

from watchkeeper.act.links import Links
from watchkeeper.act.slack_answers import SlackAnswers
from watchkeeper.act.work import Work
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.outside.http import HttpClient

#: The names by which this machine reaches itself.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _no_mistakes() -> Mistakes | None:
    return None


def _nothing() -> Mapping[str, str]:
    return {}


def _not_closing() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """
    Everything that the pages and the API need beside the watch.

    `address` is where the socket listens, `public` the base of links (empty: the same), both as `http://HOST:PORT`.
    `checks` gives the readiness of the daemon's parts by name: "ok", or a sentence. `control` is where the stand-in of
    a demo is steered, through `client` (which must be allowed to reach this machine). `troubles` says what of the
    manual cannot do its work here, and what to set. `demo` is who visits from this machine without signing in,
    `links` what reads the links of messages.
    """

    address: str
    public: str = ""
    version: str = field(default_factory=lambda: version("watchkeeper"))
    allowed_hosts: frozenset[str] = frozenset()
    fast: bool = False
    control: str | None = None
    demo: str = ""
    links: Links | None = None
    client: HttpClient | None = None
    slack: SlackAnswers | None = None  # takes what people press there
    reload: Callable[[], Mistakes | None] = _no_mistakes  # reads the manual again; the mistakes that kept it out
    mistakes: Callable[[], Mistakes | None] = _no_mistakes  # what is wrong on disk while an older manual runs
    checks: Callable[[], Mapping[str, str]] = _nothing
    troubles: Callable[[], Mapping[str, str]] = _nothing
    work: Callable[[], Work] = Work  # for `/metrics`
    closing: Callable[[], bool] = _not_closing  # whether the server is about to end, so that streams do too

    @property
    def hosts(self) -> frozenset[str]:
        """
        The values of the Host header that are ours: this machine's own names with our port, and the public one.
        """
        listening, public = urlsplit(self.address), urlsplit(self.public)
        port = f":{listening.port}" if listening.port else ""  # browsers leave the port of plain http out
        own = {listening.netloc, public.netloc, *self.allowed_hosts} - {""}
        return frozenset({f"{name}{port}" for name in LOOPBACK} | {host.lower() for host in own})

    @property
    def base(self) -> str:
        """
        The address that links begin with, without a slash at its end.
        """
        return (self.public or self.address).rstrip("/")
