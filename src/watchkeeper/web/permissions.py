"""
What does each address need?

One table, and the only one. Whoever adds a route adds a line; a test walks every route and fails for one that is
missing here, and for a line without a route. An address that is in no line is an admin's, a GET a viewer's (who is told
that there is nothing). Where several lines fit, the strictest holds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from watchkeeper.act.accounts.roles import Need
from watchkeeper.web.api.asking import PREFIX  # registers `text` too, as the routes do

#: From what anybody may ask to what only few may.
STRICT: Final[tuple[Need, ...]] = ("open", "ingest", "read", "self", "respond", "manage", "admin")

OPEN: Final[Need] = "open"
SELF: Final[Need] = "self"
INGEST: Final[Need] = "ingest"
READ: Final[Need] = "read"
RESPOND: Final[Need] = "respond"
MANAGE: Final[Need] = "manage"
ADMIN: Final[Need] = "admin"


@dataclass(frozen=True, slots=True)
class Door:
    """
    What one method of one address needs. GET stands for HEAD too; `{name}` is one part of the path, `{name:text}` all
    that is left of it.
    """

    method: str
    path: str
    need: Need


PERMISSIONS: Final = (
    # telemetry in
    Door("POST", "/v1/traces", INGEST),
    Door("POST", "/v1/metrics", INGEST),
    Door("POST", "/v1/logs", INGEST),
    Door("POST", "/v1/events", INGEST),
    Door("POST", "/api/v1/write", INGEST),
    # is it up; our own style sheets and scripts
    Door("GET", "/health", OPEN),
    Door("GET", "/health/liveness", OPEN),
    Door("GET", "/health/readiness", OPEN),
    Door("GET", "/static/{path:text}", OPEN),
    # what Slack has signed
    Door("POST", "/slack/interactions", OPEN),
    # numbers about ourselves, changes as they come
    Door("GET", "/metrics", READ),
    Door("GET", "/live", READ),
    # coming in, one's own account; accounts, tokens and the record
    Door("GET", "/sign-in", OPEN),
    Door("POST", "/sign-in", OPEN),
    Door("POST", "/sign-out", SELF),
    Door("GET", "/set-up", OPEN),
    Door("POST", "/set-up", OPEN),
    Door("GET", "/account", SELF),
    Door("POST", "/account/password", SELF),
    Door("POST", "/account/elsewhere", SELF),
    Door("GET", "/accounts", ADMIN),
    Door("POST", "/accounts", ADMIN),
    Door("POST", "/accounts/{name}", ADMIN),
    Door("GET", "/tokens", SELF),
    Door("POST", "/tokens", SELF),
    Door("POST", "/tokens/{number:int}/revoke", SELF),
    Door("GET", "/audit", ADMIN),
    # pages
    Door("GET", "/", READ),
    Door("GET", "/objectives/{name}", READ),
    Door("GET", "/alerts", READ),
    Door("GET", "/alerts/{key:text}", READ),
    Door("GET", "/incidents", READ),
    Door("GET", "/incidents/{number:int}", READ),
    Door("POST", "/incidents", RESPOND),
    Door("POST", "/incidents/{number:int}/{deed}", RESPOND),
    Door("GET", "/manual", READ),
    Door("GET", "/runbooks", READ),
    Door("GET", "/runbooks/{name}", READ),
    Door("GET", "/faults", READ),
    Door("POST", "/faults/{name}", MANAGE),
    Door("GET", "/exclusions", READ),
    Door("POST", "/exclusions", MANAGE),
    Door("POST", "/exclusions/{number:int}/undo", MANAGE),
    Door("GET", "/find", READ),
    Door("GET", "/pages", READ),
    Door("GET", "/pages/{number:int}", READ),
    Door("POST", "/pages/acknowledge", RESPOND),
    Door("POST", "/pages/{number:int}/{deed}", RESPOND),
    Door("GET", "/on-call", READ),
    Door("POST", "/on-call/overrides", RESPOND),
    Door("POST", "/on-call/overrides/{number:int}/undo", RESPOND),
    Door("POST", "/on-call/swaps", RESPOND),
    Door("GET", "/silences", READ),
    Door("POST", "/silences", RESPOND),
    Door("POST", "/silences/{number:int}/undo", RESPOND),
    Door("GET", "/switches", READ),
    Door("POST", "/switches", RESPOND),
    Door("POST", "/switches/{number:int}/undo", RESPOND),
    Door("POST", "/switches/{number:int}/extend", RESPOND),
    # what the live application asks for: without a token only what the manual calls public (web/ofrep.py)
    Door("POST", "/ofrep/v1/evaluate/flags", OPEN),
    Door("POST", "/ofrep/v1/evaluate/flags/{key:text}", OPEN),
    Door("GET", "/ofrep/v1/events", READ),
    Door("GET", "/answer/{token}", OPEN),
    Door("POST", "/answer/{token}", OPEN),
    Door("POST", "/people/{name}/test", RESPOND),
    Door("GET", "/policies", READ),
    Door("GET", "/people", READ),
    # the API
    Door("GET", f"{PREFIX}/openapi.json", READ),
    Door("GET", f"{PREFIX}/status", READ),
    Door("GET", f"{PREFIX}/manual", READ),
    Door("POST", f"{PREFIX}/reload", MANAGE),
    Door("GET", f"{PREFIX}/objectives", READ),
    Door("GET", f"{PREFIX}/objectives/{{name}}", READ),
    Door("GET", f"{PREFIX}/alerts", READ),
    Door("GET", f"{PREFIX}/alerts/{{key:text}}", READ),
    Door("GET", f"{PREFIX}/messages", READ),
    Door("GET", f"{PREFIX}/incidents", READ),
    Door("GET", f"{PREFIX}/incidents/{{number}}", READ),
    Door("GET", f"{PREFIX}/response-times", READ),
    Door("POST", f"{PREFIX}/incidents", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/acknowledge", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/stage", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/steps", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/roles", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/severity", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/updates", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/notes", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/notes/{{entry}}", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/summary", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/services", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/alerts", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/merge", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/split", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/close", RESPOND),
    Door("POST", f"{PREFIX}/incidents/{{number}}/reopen", RESPOND),
    Door("POST", "/api/admin/incidents", RESPOND),
    Door("GET", f"{PREFIX}/pages", READ),
    Door("GET", f"{PREFIX}/pages/{{number}}", READ),
    Door("POST", f"{PREFIX}/pages/acknowledge", RESPOND),
    Door("POST", f"{PREFIX}/pages/{{number}}/unacknowledge", RESPOND),
    Door("POST", f"{PREFIX}/pages/{{number}}/snooze", RESPOND),
    Door("POST", f"{PREFIX}/pages/{{number}}/escalate", RESPOND),
    Door("POST", f"{PREFIX}/pages/{{number}}/resolve", RESPOND),
    Door("GET", f"{PREFIX}/why/{{key:text}}", READ),
    Door("POST", f"{PREFIX}/people/{{name}}/test", RESPOND),
    Door("GET", "/calendars/{file:text}", READ),
    Door("GET", f"{PREFIX}/on-call", READ),
    Door("GET", f"{PREFIX}/shifts", READ),
    Door("GET", f"{PREFIX}/holes", READ),
    Door("GET", f"{PREFIX}/overrides", READ),
    Door("POST", f"{PREFIX}/overrides", RESPOND),
    Door("POST", f"{PREFIX}/overrides/{{number}}/undo", RESPOND),
    Door("POST", f"{PREFIX}/swaps", RESPOND),
    Door("GET", f"{PREFIX}/silences", READ),
    Door("POST", f"{PREFIX}/silences", RESPOND),
    Door("POST", f"{PREFIX}/silences/preview", READ),
    Door("POST", f"{PREFIX}/silences/{{number}}/undo", RESPOND),
    Door("GET", f"{PREFIX}/switches", READ),
    Door("GET", f"{PREFIX}/flips", READ),
    Door("POST", f"{PREFIX}/flips", RESPOND),
    Door("POST", f"{PREFIX}/flips/{{number}}/extend", RESPOND),
    Door("POST", f"{PREFIX}/flips/{{number}}/undo", RESPOND),
    Door("GET", f"{PREFIX}/exclusions", READ),
    Door("POST", f"{PREFIX}/exclusions", MANAGE),
    Door("POST", f"{PREFIX}/exclusions/{{number}}/undo", MANAGE),
    Door("GET", f"{PREFIX}/faults", READ),
    Door("POST", f"{PREFIX}/faults/{{name}}", MANAGE),
    Door("GET", f"{PREFIX}/me", READ),
    Door("GET", f"{PREFIX}/accounts", ADMIN),
    Door("POST", f"{PREFIX}/accounts", ADMIN),
    Door("POST", f"{PREFIX}/accounts/{{name}}", ADMIN),
    Door("GET", f"{PREFIX}/tokens", ADMIN),
    Door("POST", f"{PREFIX}/tokens", ADMIN),
    Door("POST", f"{PREFIX}/tokens/{{number}}/revoke", ADMIN),
    Door("GET", f"{PREFIX}/audit", ADMIN),
)


class Permissions:
    """
    The table, quick to ask.

    >>> table = Permissions()
    >>> table.need("POST", "/incidents/7/close"), table.need("HEAD", "/"), table.need("DELETE", "/nothing")
    ('respond', 'read', 'admin')
    """

    def __init__(self, doors: Iterable[Door] = PERMISSIONS) -> None:
        self._plain: dict[tuple[str, str], Need] = {}
        self._others: dict[str, list[tuple[re.Pattern[str], Need]]] = {}
        for door in doors:
            if "{" in door.path:
                self._others.setdefault(door.method, []).append((pattern(door.path), door.need))
            else:
                self._plain[door.method, door.path] = door.need
        self._fitting = lru_cache(maxsize=1024)(self._searched)

    def need(self, method: str, path: str) -> Need:
        """
        What a request needs. Routes take one line feed behind their path (`$` of a regular expression stands before
        it), so that it makes no other address here.

        >>> Permissions().need("GET", "/audit\\n")
        'admin'
        """
        method, path = "GET" if method == "HEAD" else method, path.removesuffix("\n")
        return self._plain.get((method, path)) or self._fitting(method, path)

    def _searched(self, method: str, path: str) -> Need:
        fitting = [need for known, need in self._others.get(method, ()) if known.fullmatch(path)]
        if fitting:
            return max(fitting, key=STRICT.index)
        return READ if method == "GET" else ADMIN


def pattern(path: str) -> re.Pattern[str]:
    """
    The paths that a route of the table stands for.

    >>> bool(pattern("/a/{b}/c").fullmatch("/a/x/c")), bool(pattern("/a/{b}").fullmatch("/a/x/c"))
    (True, False)
    """
    parts = re.split(r"(\{[^}]*\})", path)
    return re.compile("".join(_part(part) for part in parts), re.DOTALL)


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".*" if part.endswith((":text}", ":path}")) else "[^/]+"
