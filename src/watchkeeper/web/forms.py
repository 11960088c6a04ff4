"""
What did a person send with a form?
"""

from datetime import datetime
from typing import Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from starlette.requests import Request

from watchkeeper.measure.values import Rejection
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.web.bodies import read_capped

MOST_FORM: Final = 64 * 2**10  # bytes
MOST_TEXT: Final = 4000  # characters of a note


async def fields_of(request: Request) -> dict[str, str] | Rejection:
    """
    The fields of a form (application/x-www-form-urlencoded), the first value of each, without spaces around it.
    """
    raw = await read_capped(request, most=MOST_FORM)
    if isinstance(raw, Rejection):
        return raw
    try:
        told = parse_qs(raw.decode("utf-8"), max_num_fields=64)
    except ValueError:
        return Rejection(status=400, why="the form cannot be read; wanted fields in UTF-8")
    return {name: values[0].strip() for name, values in told.items()}


class Unreadable(Exception):
    """
    A field that cannot be read; the text says what was found and what is wanted.
    """


def instant_of(text: str, field: str, zone: ZoneInfo) -> int:
    """
    What a field of date and time says, in this zone where it names none (ns). Raises Unreadable.

    >>> instant_of("1970-01-01T01:00", "from", ZoneInfo("Europe/Berlin"))
    0
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{field}: found {text[:40]!r}; wanted a day and a time") from None
    return nanoseconds(found if found.tzinfo else found.replace(tzinfo=zone))
