"""
How does a name from outside become one short line that is only text?

>>> plain("spotify\\n\\x1b[31m\\u202eevil"), human("payment-webhook-retries"), listed(["a", "b", "c"], most=2)
('spotify [31m evil', 'Payment webhook retries', 'a, b and 1 more')
"""

import re
import unicodedata
from collections.abc import Sequence

MOST = 120  # characters of a name that people are shown
_SPACES = re.compile(r"\s+")


def plain(text: str, *, most: int = MOST) -> str:
    """
    One line without control, format and invisible characters, at most `most` characters long.
    """
    visible = "".join(" " if unicodedata.category(one)[0] == "C" else one for one in text)
    line = _SPACES.sub(" ", visible).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def spaced(name: str) -> str:
    """
    The name of an entry with spaces between its words.
    """
    return plain(name.replace("-", " ").replace("_", " "))


def human(name: str) -> str:
    """
    The same as the beginning of a sentence.
    """
    words = spaced(name)
    return words[:1].upper() + words[1:]


def listed(names: Sequence[str], *, most: int = 8) -> str:
    """
    A few names and how many more there are.
    """
    shown, more = [plain(name) for name in names[:most]], len(names) - most
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
