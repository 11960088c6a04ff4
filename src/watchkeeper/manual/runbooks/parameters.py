"""
Is this value allowed for a parameter, and where does a text use one?

>>> accepted(Parameter(values=["spotify", "deezer"]), "spotify")
'spotify'
>>> accepted(Parameter(values=["spotify", "deezer"]), "spotfy")
Traceback (most recent call last):
watchkeeper.manual.model.unfit.Unfit: found `spotfy`; wanted one of spotify, deezer; did you mean `spotify`?
>>> uses("platform=$platform, ${minutes} of $$")
['platform', 'minutes']
"""

import re
from collections.abc import Mapping

import re2  # type: ignore[import-untyped]  # it ships no types

from watchkeeper.manual.model.running import Parameter
from watchkeeper.manual.model.scalars import read_flag, read_length
from watchkeeper.manual.model.unfit import Unfit, nearest

LONGEST_VALUE = 500
_USE = re.compile(r"(?<![\\$])\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
#: What a text may hold whose parameter says neither `values` nor `matches`. It never begins with `-`: an option would.
_USUAL = re.compile(r"[^\W_][\w .:@/+-]*")


def accepted(parameter: Parameter, text: str) -> str:
    """
    The value as it is passed on. Raises Unfit for one that the runbook does not allow.
    """
    if len(text) > LONGEST_VALUE:
        raise Unfit(found=f"{len(text)} characters", wanted=f"at most {LONGEST_VALUE}")
    if not text.isprintable():
        raise Unfit(found="a character that nobody sees", wanted="readable text in one line")
    if parameter.values and text not in parameter.values:
        raise Unfit(
            found=f"`{text[:80]}`", wanted=f"one of {', '.join(parameter.values)}{nearest(text, parameter.values)}"
        )
    match parameter.kind:
        case "whole number":
            return _whole(parameter, text)
        case "length":
            return str(read_length(text))
        case "flag":
            return "true" if read_flag(text) else "false"
    if parameter.matches is not None and not re2.fullmatch(parameter.matches, text):
        raise Unfit(found=f"`{text[:80]}`", wanted=f"a text that matches {parameter.matches}")
    if parameter.matches is None and not parameter.values and not _USUAL.fullmatch(text):
        raise Unfit(
            found=f"`{text[:80]}`", wanted="letters, digits, spaces and `. _ : @ / + -`, a letter or digit first"
        )
    return text


def filled(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, str]:
    """
    Every parameter with its value: the one given, else its default. Raises Unfit for what is unknown or missing.
    """
    for name in given:
        if name not in parameters:
            raise Unfit(found=f"`{name}`", wanted=f"a parameter of this runbook{nearest(name, parameters)}")
    values = {}
    for name, parameter in parameters.items():
        text = given.get(name, parameter.default)
        if text is None:
            raise Unfit(found=f"no `{name}`", wanted="a value: it has no default")
        values[name] = accepted(parameter, text)
    return values


def uses(text: str) -> list[str]:
    """
    The names that stand as `$name` or `${name}` in a text, in order; `$$` and `\\$` stand for the sign itself.
    """
    return [found[1] or found[2] for found in _USE.finditer(text)]


def _whole(parameter: Parameter, text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Unfit(found=f"`{text[:80]}`", wanted="a whole number such as `20`")
    number = int(text)
    if parameter.least is not None and number < parameter.least:
        raise Unfit(found=f"`{text}`", wanted=f"at least {parameter.least}")
    if parameter.most is not None and number > parameter.most:
        raise Unfit(found=f"`{text}`", wanted=f"at most {parameter.most}")
    return str(number)
