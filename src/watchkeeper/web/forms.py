"""
What did a person send with a form?
"""

from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from watchkeeper.measure.values import Rejection
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
        told = parse_qs(raw.decode("utf-8"), max_num_fields=20)
    except ValueError:
        return Rejection(status=400, why="the form cannot be read; wanted fields in UTF-8")
    return {name: values[0].strip() for name, values in told.items()}
