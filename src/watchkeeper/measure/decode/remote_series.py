"""
What is a series of remote-write, by its labels?

The reference, label by label; `native/remote_write.pyx` finds the same once for each series and then knows it by the
bytes of its labels. Labels may come in any order, those with an empty value are none at all, and a series without a
name, with a name twice, or with text that is no UTF-8 is refused: it could not be told from another.

>>> from watchkeeper.measure.decode.remote_names import Names
>>> labels = Labels(["route"], Names(["up"]))
>>> told = labels.read([(b"http_route", b"/"), (b"__name__", b"up")], replicated=False)
>>> told.codes, labels.values[0], len(told.identity)
([0], ['/'], 16)
>>> labels.read([(b"a", b"1"), (b"a", b"2")], replicated=False)
'duplicate-label'
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import inf, isfinite, nan
from typing import Final

from watchkeeper.measure.decode.columns_builder import LONGEST_TEXT, MOST_BYTES, MOST_VALUES
from watchkeeper.measure.decode.remote_names import Meaning, Names
from watchkeeper.measure.names import candidates
from watchkeeper.measure.replicas import CLUSTER, REPLICA
from watchkeeper.measure.values import Lexicon

NAME: Final = b"__name__"
LE: Final = b"le"
#: A series with more labels, or more bytes of them on the wire, is refused.
MOST_LABELS: Final = 128
LONGEST_LABELS: Final = 2**16

#: Why a series is refused.
BAD, TWICE, NAMELESS, NO_LIMIT = "bad-labels", "duplicate-label", "no-name", "bad-histogram"
_FAR: Final = 99

Label = tuple[bytes, bytes]


@dataclass(slots=True, kw_only=True)
class Series:
    """
    What a series is: its identity; that of the histogram it is a bucket of, and the limit of the bucket, as written;
    the codes of its attributes; how many texts were too long for them.
    """

    meaning: Meaning
    identity: bytes
    group: bytes  # b"" where it is no bucket
    limit: float
    codes: list[int]
    cut: int


class Labels:
    """
    Reads labels, and keeps what the codes of the attributes mean, for longer than one body.
    """

    def __init__(self, attributes: Iterable[str], names: Names) -> None:
        self.attributes = tuple(sorted(attributes))
        self.hits = hits_of(self.attributes)
        self.values = [Lexicon() for _ in self.attributes]
        self._codes: list[dict[str, int]] = [{} for _ in self.attributes]
        self._bytes = [0] * len(self.attributes)
        self._names = names
        self._meanings = names.meanings()

    def begin(self) -> None:
        """
        A new body: names may mean something else by now, and a column that knows too many texts starts anew.
        """
        self._meanings = self._names.meanings()
        for column, values in enumerate(self.values):
            if len(values) > MOST_VALUES or self._bytes[column] > MOST_BYTES:
                self.values[column], self._codes[column], self._bytes[column] = Lexicon(), {}, 0

    def read(self, labels: Sequence[Label], *, replicated: bool) -> Series | str | None:
        """
        What series it is; why it is refused; None where nothing wants it.
        """
        if len(labels) > MOST_LABELS or not all(name and _utf8(name) and _utf8(value) for name, value in labels):
            return BAD
        found = dict(labels)
        if len(found) < len(labels):
            return TWICE
        if not found.get(NAME):
            return NAMELESS
        meaning = self._meanings.get(found[NAME].decode())
        if meaning is None:
            return None
        limit = limit_of(found.get(LE, b"")) if meaning.base >= 0 else nan
        if meaning.base >= 0 and limit != limit:
            return NO_LIMIT
        mine = sorted(
            (name, value) for name, value in labels if value and not (replicated and name == REPLICA.encode())
        )
        codes, cut = self._attributes(mine)
        group = digest(one for one in mine if one[0] not in (NAME, LE)) if meaning.base >= 0 else b""
        return Series(meaning=meaning, identity=digest(mine), group=group, limit=limit, codes=codes, cut=cut)

    def _attributes(self, labels: Iterable[Label]) -> tuple[list[int], int]:
        codes, ranks, cut = [-1] * len(self.attributes), [_FAR] * len(self.attributes), 0
        for name, value in labels:
            for column, rank in self.hits.get(name.decode(), ()):
                if rank < ranks[column]:
                    text = value.decode()
                    cut += len(text) > LONGEST_TEXT
                    ranks[column], codes[column] = rank, self._code(column, text[:LONGEST_TEXT])
        return codes, cut

    def _code(self, column: int, text: str) -> int:
        known = self._codes[column]
        if text not in known:
            known[text] = len(known)
            self.values[column].append(text)
            self._bytes[column] += len(text.encode())
        return known[text]


def hits_of(names: Sequence[str]) -> dict[str, tuple[tuple[int, int], ...]]:
    """
    Label -> the columns it may fill, each with its rank there: every name of an attribute, and behind it the same with
    underscores, as labels were written before they might hold a dot.

    >>> hits_of(["status"])["http_response_status_code"]
    ((0, 3),)
    """
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for column, name in enumerate(names):
        wire = [one for candidate in candidates(name) for one in (candidate, plain(candidate))]
        for rank, one in enumerate(wire):
            if one not in wire[:rank]:
                found[one] = (*found.get(one, ()), (column, rank))
    return found


def plain(name: str) -> str:
    """
    A name in the letters that labels are made of.

    >>> plain("http.route")
    'http_route'
    """
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)


def digest(labels: Iterable[Label]) -> bytes:
    """
    What a series is known by: 16 bytes of its labels in order, each part behind its length.
    """
    whole = b"".join(len(part).to_bytes(4, "little") + part for label in labels for part in label)
    return blake2b(whole, digest_size=16).digest()


def limit_of(text: bytes) -> float:
    """
    The upper limit of a bucket, as its label says it; NaN for what is none.

    >>> limit_of(b"0.5"), limit_of(b"+Inf"), limit_of(b"NaN"), limit_of(b"1_0"), limit_of(b"-Inf")
    (0.5, inf, nan, nan, nan)
    """
    if text in (b"+Inf", b"Inf"):
        return inf
    try:
        limit = float(text.decode("ascii")) if text[:1] in b"+-.0123456789" and b"_" not in text else nan
    except ValueError:
        return nan
    return limit if isfinite(limit) else nan


def replica_of(labels: Iterable[Label]) -> tuple[str, str] | None:
    """
    The cluster and the replica that sent a series; None where the labels do not say both, readably.
    """
    cluster, replica = b"", b""
    for name, value in labels:
        if name == CLUSTER.encode():
            cluster = value
        elif name == REPLICA.encode():
            replica = value
    if not cluster or not replica or not _utf8(cluster) or not _utf8(replica):
        return None
    return cluster.decode(), replica.decode()


def _utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
