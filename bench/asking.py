"""
How is a server on this machine asked?
"""

import json
from typing import Any

import httpx2

_SECONDS = 120
#: What a server on this machine wants to be shown, by its address.
_TOKENS: dict[str, str] = {}


class Refused(Exception):
    """
    A server answered, but not with what was asked for.
    """


def introduce(address: str, token: str) -> None:
    """
    From now on this server is shown a token.
    """
    _TOKENS[address] = token


def credentials(address: str) -> dict[str, str]:
    """
    The headers that say to a server who asks.
    """
    token = _TOKENS.get(address)
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def get(address: str, path: str) -> bytes:
    """
    The body at a path. Raises Refused for anything but 2xx.
    """
    answer = httpx2.get(f"{address}{path}", headers=credentials(address), timeout=_SECONDS, trust_env=False)
    return _body(answer)


def get_json(address: str, path: str) -> Any:
    """
    The same as JSON.
    """
    return json.loads(get(address, path))


def post(
    address: str,
    path: str,
    *,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> bytes:
    """
    What a server answers to a form, or to a body. Raises Refused for anything but 2xx.
    """
    if data is not None:
        return _body(httpx2.post(f"{address}{path}", data=data, timeout=_SECONDS, trust_env=False))
    sent = {**(headers or {}), **credentials(address)}
    return _body(httpx2.post(f"{address}{path}", content=body, headers=sent, timeout=_SECONDS, trust_env=False))


def answers(address: str, path: str) -> bool:
    """
    Whether a server is there and answers this path with 2xx.
    """
    try:
        get(address, path)
    except (Refused, httpx2.TransportError):
        return False
    return True


def _body(answer: httpx2.Response) -> bytes:
    if not answer.is_success:
        raise Refused(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.content
