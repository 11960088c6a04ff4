"""
What is said when the world outside fails?

>>> str(OutsideError("the server did not answer within 5 s", retryable=True))
'The outside failed: the server did not answer within 5 s.'
"""

from __future__ import annotations


class OutsideError(Exception):
    """
    The outside failed: {why}.
    """

    def __init__(self, why: str, *, retryable: bool, reached: bool = False) -> None:
        super().__init__((type(self).__doc__ or "{why}").strip().format(why=why))
        self.why = why
        self.retryable = retryable  # may the same call succeed later, with nothing changed here?
        self.reached = reached  # may the other side have got (and carried out) what was sent, though it did not say so?


class Refused(OutsideError):
    """
    Watchkeeper would not do it: {why}.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why, retryable=False)


class Untrusted(OutsideError):
    """
    The outside failed: {why}.
    """

    def __init__(self, why: str, *, until_ns: int | None) -> None:
        super().__init__(why, retryable=True)
        self.until_ns = until_ns  # end of the life of the certificate that was shown; None when it could not be read
