"""
What do people and the outside do in a story, and what follows at once?
"""

from watchkeeper.act.channels.sending import Failed
from watchkeeper.testing.pager import Pager


class Deeds:
    """
    The half of a `Story` that says what people do.
    """

    pagers: dict[str, Pager]

    def breaks(self, channel: str, why: str = "it answers 503", *, retryable: bool = True) -> None:
        """
        From now on every attempt through this channel fails.
        """
        self.pagers[channel].failing = Failed(why=why, retryable=retryable)

    def mends(self, channel: str) -> None:
        """
        The channel carries messages again.
        """
        self.pagers[channel].failing = self.pagers[channel].not_ready = None

    def lacks(self, channel: str, what: str = "its address is not set") -> None:
        """
        From now on the channel cannot send at all, and it is known.
        """
        self.pagers[channel].not_ready = what
