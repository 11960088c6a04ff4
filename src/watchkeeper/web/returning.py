"""
Where does a browser go after signing in?

Back to the page that it asked for, and only to one of ours: what stands in `next` was written by whoever made the link.

>>> safe_next("/incidents/7?a=b"), safe_next("https://evil.example/"), safe_next("//evil.example"), safe_next("")
('/incidents/7?a=b', '/', '/', '/')
>>> safe_next("/\\\\evil.example"), safe_next("/\\t/evil.example"), safe_next("/sign-in?next=/x")
('/', '/', '/')
"""

from typing import Final
from urllib.parse import urlsplit

MOST: Final = 2000
#: Pages that one does not come back to.
NOT_BACK: Final = ("/sign-in", "/sign-out", "/set-up")


def safe_next(text: str) -> str:
    """
    The path on this address that `next` names; the first page where it names none.
    """
    if not text.startswith("/") or text.startswith("//") or len(text) > MOST:
        return "/"
    if "\\" in text or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text):
        return "/"
    try:
        found = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if found.scheme or found.netloc or found.path in NOT_BACK else text
