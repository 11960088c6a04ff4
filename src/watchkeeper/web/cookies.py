"""
Which cookie says that a browser is signed in?

Scripts never see it, other sites send it with nothing but a plain visit, and over https only we can have set it. Two
watches on one machine differ in their ports, which cookies do not know: the port is in the name.

>>> from watchkeeper.web.doors import Doors
>>> cookie_name(Doors(address="http://127.0.0.1:8400"))
'watchkeeper-8400'
>>> cookie_name(Doors(address="http://127.0.0.1:8400", public="https://watch.example"))
'__Host-watchkeeper-8400'
>>> cookie_of(b"a=b; watchkeeper-8400=xyz", b"watchkeeper-8400")
'xyz'
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from watchkeeper.act.accounts.sessions import LASTS
from watchkeeper.web.doors import Doors

KNOWN_SECONDS: Final = 400 * 86_400  # browsers keep none for longer


def cookie_name(doors: Doors) -> str:
    """
    What the cookie is called.
    """
    name = f"watchkeeper-{urlsplit(doors.address).port or 80}"
    return f"__Host-{name}" if _secure(doors) else name


def known_name(doors: Doors) -> str:
    """
    What the cookie is called that a browser keeps when it is signed out: somebody came in with it before.
    """
    return f"{cookie_name(doors)}-known"


def cookie_of(header: bytes, name: bytes) -> str:
    """
    The value of a cookie in a Cookie header; empty where it is not there.
    """
    for one in header.split(b";"):
        found, _, value = one.strip().partition(b"=")
        if found == name:
            return value.decode("latin-1")
    return ""


def give(response: Response, doors: Doors, cookie: str) -> None:
    """
    Sign a browser in with its next request.
    """
    response.set_cookie(
        cookie_name(doors),
        cookie,
        max_age=int(LASTS.total_seconds()),
        path="/",
        httponly=True,
        secure=_secure(doors),
        samesite="lax",  # a link in a message leads to a page that is signed in; changes need more than the cookie
    )


def give_known(response: Response, doors: Doors, known: str) -> None:
    """
    Let a browser be known the next time; it lets nobody in.
    """
    response.set_cookie(
        known_name(doors),
        known,
        max_age=KNOWN_SECONDS,
        path="/",
        httponly=True,
        secure=_secure(doors),
        samesite="strict",
    )


def take_away(response: Response, doors: Doors) -> None:
    """
    Sign a browser out.
    """
    response.delete_cookie(cookie_name(doors), path="/", httponly=True, secure=_secure(doors), samesite="lax")


def _secure(doors: Doors) -> bool:
    return doors.public.startswith("https://")
