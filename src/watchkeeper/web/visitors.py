"""
Who makes this request?

The gate finds out before anything else is done; whoever handles the request asks here.
"""

from typing import Final

from starlette.requests import HTTPConnection

from watchkeeper.act.accounts.visitor import STRANGER, Visitor

KEY: Final = "watchkeeper.visitor"

__all__ = ["STRANGER", "Visitor", "visitor_of"]


def visitor_of(request: HTTPConnection) -> Visitor:
    """
    Who makes this request; STRANGER for somebody who showed nothing, which only open addresses allow.
    """
    found = request.scope.get(KEY, STRANGER)
    assert isinstance(found, Visitor)
    return found
