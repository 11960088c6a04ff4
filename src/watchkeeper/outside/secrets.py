"""
How is a secret carried without being shown?

>>> address = Secret("https://chat.example/hook/abc")
>>> address, f"{address}", address.reveal()
(***, '***', 'https://chat.example/hook/abc')
"""

from __future__ import annotations

from typing import Final, NoReturn

SHOWN: Final = "***"


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
