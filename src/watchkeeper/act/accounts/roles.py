"""
Who may what?

Everything that can be asked needs one thing: `read`, `respond`, `manage`, `admin` or `ingest`. A person has a role, a
program a token with scopes; both come to a set of what they may. Each of read, respond, manage and admin holds the ones
before it; taking telemetry in stands apart, so that a token on a thousand machines can read nothing.

>>> sorted(granted_to_role("responder")), sorted(granted_by_scopes(["manage"])), sorted(granted_by_scopes(["ingest"]))
(['read', 'respond'], ['manage', 'read', 'respond'], ['ingest'])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

#: `open`: whoever asks. `self`: a person who signed in with an account of their own, about that account.
Need = Literal["open", "self", "ingest", "read", "respond", "manage", "admin"]

ROLES: Final = ("viewer", "responder", "manager", "admin")
SCOPES: Final = ("ingest", "read", "respond", "manage", "admin")
LADDER: Final = ("read", "respond", "manage", "admin")
MAY: Final = {
    "viewer": "sees everything that is not about accounts",
    "responder": "also works on pages and incidents, silences alerts, takes and swaps shifts",
    "manager": "also takes minutes out of the numbers, reads the manual again, breaks the stand-in",
    "admin": "also changes accounts and tokens, and reads the audit log",
}
SCOPE_MAY: Final = {
    "ingest": "sends telemetry, and nothing else",
    "read": "reads what a viewer sees",
    "respond": "does what a responder does",
    "manage": "does what a manager does",
    "admin": "does everything",
}


def granted_to_role(role: str) -> frozenset[str]:
    """
    What a person of this role may. An admin may also take telemetry in.
    """
    grants = frozenset(LADDER[: ROLES.index(role) + 1])
    return grants | {"ingest"} if role == "admin" else grants


def granted_by_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """
    What the scopes of a token come to, before the role of its owner bounds them; a scope that is none grants nothing.
    """
    grants: set[str] = set()
    for scope in scopes:
        if scope in LADDER:
            grants.update(LADDER[: LADDER.index(scope) + 1])
        elif scope == "ingest":
            grants.add(scope)
    return frozenset(grants)


def highest(grants: Iterable[str]) -> str:
    """
    The role that fits what somebody may; empty where they may not even read.

    >>> highest({"read", "respond"}), highest({"ingest"})
    ('responder', '')
    """
    held = set(grants)
    fitting = [role for role, need in zip(ROLES, LADDER, strict=True) if need in held]
    return fitting[-1] if fitting else ""
