"""
Who is next, and who is asked to come back?

Bodies wait in a queue of bounded size until the way in has time for them. Each client has a line of its own and the
lines take turns, so that one that floods us delays itself. When room grows short, whoever holds more than an equal
share of it is turned away first; only when all room is taken is everybody.

>>> waiting = Waiting(most=100)
>>> [waiting.put(Entry(client, 30), client, 30) for client in ("loud", "loud", "quiet", "loud")]
[None, None, None, <Full.SHARE: 'this client has more waiting than its share'>]
>>> [entry.client for entry in waiting.take(most=1000)]
['loud', 'quiet', 'loud']
"""

import threading
from collections import OrderedDict, deque
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Entry(NamedTuple):
    """
    Something that waits, in the example above.
    """

    client: str
    size: int


class Full(StrEnum):
    """
    Why something cannot wait here.
    """

    SHARE = "this client has more waiting than its share"
    ROOM = "too much is waiting to be written"
    CLOSED = "the watch is ending"


class Waiting(Generic[T]):
    """
    The lines, at most `most` bytes in all. Any thread may put; one takes.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._lines: OrderedDict[str, deque[tuple[T, int]]] = OrderedDict()  # the line whose turn it is comes first
        self._held: dict[str, int] = {}  # bytes by client
        self._bytes = 0
        self._closed = False
        self._news = threading.Condition()

    @property
    def bytes(self) -> int:
        """
        How many bytes wait.
        """
        return self._bytes

    def put(self, entry: T, client: str, size: int) -> Full | None:
        """
        Join the line of this client; or why not. An empty line always has room for one entry, whatever its size, until
        all room is taken.
        """
        with self._news:
            why = self._why_not(client, size)
            if why is None:
                self._lines.setdefault(client, deque()).append((entry, size))
                self._held[client] = self._held.get(client, 0) + size
                self._bytes += size
                self._news.notify()
            return why

    def wait(self, seconds: float) -> bool:
        """
        Until something waits, the lines close, or the time is over; whether something waits.
        """
        with self._news:
            return self._news.wait_for(lambda: bool(self._lines) or self._closed, timeout=seconds) and bool(self._lines)

    def take(self, *, most: int) -> list[T]:
        """
        What is next: one of each line in turn, until there are about `most` bytes; at least one entry where any waits.
        """
        taken: list[T] = []
        size = 0
        with self._news:
            while self._lines and (size < most or not taken):
                client, line = self._lines.popitem(last=False)
                entry, of_entry = line.popleft()
                if line:
                    self._lines[client] = line  # to the end: its turn comes again after the others'
                self._let_go(client, of_entry)
                taken.append(entry)
                size += of_entry
        return taken

    def close(self) -> None:
        """
        Nothing more may join; what waits is still taken.
        """
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _why_not(self, client: str, size: int) -> Full | None:
        if self._closed:
            return Full.CLOSED
        if self._bytes >= self._most:
            return Full.ROOM
        clients = len(self._held) + (client not in self._held)
        short = 2 * (self._bytes + size) > self._most
        over = self._held.get(client, 0) + size > self._most // clients
        return Full.SHARE if clients > 1 and short and over and client in self._held else None

    def _let_go(self, client: str, size: int) -> None:
        self._bytes -= size
        self._held[client] -= size
        if client not in self._lines:
            del self._held[client]
