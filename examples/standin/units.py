"""
How does a scenario write a share, a span of time, a rate and a factor?

>>> read_share("60%"), read_seconds("320ms"), read_rate("500/h"), read_factor("x 4")
(0.6, 0.32, 0.1388888888888889, 4.0)
"""

import re
from typing import Annotated

from pydantic import BeforeValidator

SECONDS_IN = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
NUMBER = r"(\d+(?:\.\d+)?)"


def read_share(text: object) -> float:
    """
    A part of the whole, 0 to 1; written `60%` or 0.6.
    """
    number = (
        _number(text, rf"{NUMBER} ?%", wanted="a share such as 60% or 0.6") / 100 if isinstance(text, str) else text
    )
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise ValueError(f"found {text!r}, wanted a share between 0% and 100%")
    return float(number)


def read_seconds(text: object) -> float:
    """
    A span of time in seconds; written `320ms`, `1.2s`, `5m`.
    """
    return _number_and_unit(text, rf"{NUMBER} ?(ms|s|min|m|h|d|w)", wanted="a span of time such as 320ms or 1.2s")


def read_rate(text: object) -> float:
    """
    Events per second; written `4/s`, `500/h`, `50/w`, or 0 for none.
    """
    if text in (0, "0"):
        return 0.0
    found = re.fullmatch(rf"{NUMBER} ?/ ?(s|min|h|d|w)", str(text).strip())
    if found is None:
        raise ValueError(f"found {text!r}, wanted a rate such as 4/s or 500/h")
    return float(found[1]) / SECONDS_IN[found[2]]


def read_factor(text: object) -> float:
    """
    How many times as much; written `x 4`, `x 0.5`.
    """
    return _number(text, rf"x ?{NUMBER}", wanted="a factor such as x 4")


def _number(text: object, pattern: str, *, wanted: str) -> float:
    found = re.fullmatch(pattern, str(text).strip())
    if found is None:
        raise ValueError(f"found {text!r}, wanted {wanted}")
    return float(found[1])


def _number_and_unit(text: object, pattern: str, *, wanted: str) -> float:
    found = re.fullmatch(pattern, str(text).strip())
    if found is None:
        raise ValueError(f"found {text!r}, wanted {wanted}")
    return float(found[1]) * SECONDS_IN[found[2]]


Share = Annotated[float, BeforeValidator(read_share)]
Seconds = Annotated[float, BeforeValidator(read_seconds)]
Rate = Annotated[float, BeforeValidator(read_rate)]
Factor = Annotated[float, BeforeValidator(read_factor)]
