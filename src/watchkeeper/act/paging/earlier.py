"""
By which policy does a page go on that opened under an earlier revision of the manual?

By that one: a running escalation ends as it began, also when its policy has gone. Whom and what the policy names that
the manual no longer has is skipped, with its reason.

>>> text = "watchkeeper: 1\\nmanual: Shop\\npeople: {ada: {}}\\npolicies: {night: {steps: [{person: ada}]}}"
>>> [step.person for step in policies_of((("manual.yaml", text),))["night"].steps]
[('ada',)]
>>> policies_of((("manual.yaml", "manual: ["),))  # what can no longer be read says nothing
{}
"""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection

from watchkeeper.manual.load import Loaded, load_files
from watchkeeper.manual.model.reaching import Policy
from watchkeeper.store import revisions


def policy_at(view: Connection, revision: int, name: str) -> Policy | None:
    """
    A policy as this revision had it; None when it had none of this name, or is not there.
    """
    row = revisions.by_id(view, revision)
    return None if row is None else policies_of(tuple(sorted(row.source.items()))).get(name)


@lru_cache(maxsize=8)
def policies_of(files: tuple[tuple[str, str], ...]) -> Mapping[str, Policy]:
    """
    The policies of a manual in these files.
    """
    found = load_files(dict(files))
    return found.manual.policies if isinstance(found, Loaded) else {}
