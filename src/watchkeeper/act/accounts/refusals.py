"""
Why could something about accounts not be done?
"""


class CannotDo(Exception):
    """
    It cannot be done so; the text says what was found and what is wanted. `forbidden`: somebody else could.
    """

    def __init__(self, why: str, *, forbidden: bool = False) -> None:
        super().__init__(why)
        self.forbidden = forbidden


class NotSignedIn(Exception):
    """
    The name and the password are not those of anybody who may sign in. It never says which of them was wrong.
    """


class TooSoon(Exception):
    """
    Too many wrong passwords, or (`why`) something else for a moment; `wait_ns` from now another one is taken.
    """

    def __init__(self, wait_ns: int, why: str = "too many wrong passwords") -> None:
        self.seconds = -(-wait_ns // 10**9)
        super().__init__(f"{why}; try again in {self.seconds} s")
