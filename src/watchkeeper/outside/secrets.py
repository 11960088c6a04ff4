"""
How is a secret carried without being shown?

>>> address = Secret("https://chat.example/hook/abc")
>>> address, f"{address}", address.reveal()
(***, '***', 'https://chat.example/hook/abc')
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

SHOWN: Final = "***"
IN_FILE: Final = "_FILE"  # behind the name of a variable: the secret is in the file that this one names
MOST_BYTES: Final = 64 * 1024


class Secret:
    """
    A text that shows itself as `***` wherever it is printed, logged or formatted; only `reveal` gives it away.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """
        The secret itself, for the one call that needs it.
        """
        return self._text

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, _spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied into files or other processes")


def reveal(value: str | Secret) -> str:
    """
    The text of a value that may or may not be a secret.
    """
    return value.reveal() if isinstance(value, Secret) else value


class SecretFault(Exception):
    """
    A secret that is there and cannot be read, and why, without a word of it.
    """


def secret_from(environ: Mapping[str, str], name: str) -> Secret | None:
    """
    The secret of this name: the variable NAME, or the content of the file that NAME_FILE names; None when neither is
    set. Space around it does not count.

    >>> secret_from({"HOOK": " https://chat.example/x "}, "HOOK").reveal(), secret_from({}, "HOOK")
    ('https://chat.example/x', None)

    Raises SecretFault when both are set, or the file cannot be read.
    """
    text, file = environ.get(name, "").strip(), environ.get(f"{name}{IN_FILE}", "").strip()
    if text and file:
        raise SecretFault(f"both {name} and {name}{IN_FILE} are set; wanted one of them")
    if file:
        text = _content(Path(file), f"{name}{IN_FILE}")
    return Secret(text) if text else None


def _content(file: Path, name: str) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        raise SecretFault(f"the file that {name} names cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, ValueError):
        raise SecretFault(f"the file that {name} names holds no text") from None
    if len(content) > MOST_BYTES or not text:
        raise SecretFault(f"the file that {name} names is {'empty' if not text else 'too long for a secret'}")
    return text
