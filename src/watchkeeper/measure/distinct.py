"""
How many different values were there?

A *sketch* is the set of what was seen, as bytes: keyed 64-bit hashes one by one as long as there are few, beyond that
the registers of a HyperLogLog, which only tell about how many there were. The union of sketches is the same bytes in
whatever order and grouping they are united, and uniting again changes nothing.

>>> few, more = seen(np.array([7, 9, 7], dtype=np.uint64)), seen(np.array([9, 11], dtype=np.uint64))
>>> bounds(union([few, more]))
(3, 3)

The registers and their correction: Flajolet et al., "HyperLogLog" (2007); the estimate over the whole range: Ertl,
"New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6.
"""

from collections.abc import Iterable
from hashlib import blake2b
from math import ceil, floor, log, sqrt

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

EXACT = 256  # up to so many are known one by one
_BITS = 11
_REGISTERS = 2**_BITS
_RANKS = 64 - _BITS  # how many bits remain for the rank
_FEW, _MANY = b"\x00", b"\x01"
#: Three standard errors of the estimate, as a share of it.
SPREAD = 3 * 1.04 / sqrt(_REGISTERS)


def set_name(key: str, where: str | None = None) -> str:
    """
    What a set is called in merges and answers: the attribute, and the predicate (in its canonical text) if any.

    >>> set_name("user", "status >= 500")
    'user where status >= 500'
    """
    return key if where is None else f"{key} where {where}"


def hash_of(value: str | int | float | bool, key: bytes) -> int:
    """
    A value as 64 bits that nobody can foresee who does not know the key; 1, 1.0, "1" and true are four values.
    """
    said = f"{type(value).__name__}:{value!r}" if not isinstance(value, str) else f"str:{value}"
    return int.from_bytes(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest(), "little")


def seen(hashes: Hashes) -> bytes:
    """
    The sketch of these hashes.
    """
    known = np.unique(hashes)
    if len(known) <= EXACT:
        return _FEW + known.astype("<u8").tobytes()
    return _MANY + _registers(known).tobytes()


def union(sketches: Iterable[bytes]) -> bytes:
    """
    The sketch of all that was seen.
    """
    parts = set(sketches)
    if len(parts) == 1:
        return parts.pop()
    known = np.concatenate([_hashes(one) for one in parts if one[:1] == _FEW] or [np.zeros(0, dtype=np.uint64)])
    many = [np.frombuffer(one, dtype=np.uint8, offset=1) for one in parts if one[:1] == _MANY]
    if not many:
        return seen(known)
    if len(known):
        many.append(_registers(known))
    return _MANY + bytes(np.maximum.reduce(many))


def bounds(sketch: bytes) -> tuple[int, int]:
    """
    How many there surely were, and at most: equal while they are known one by one, else three standard errors apart.
    """
    if sketch[:1] == _FEW:
        n = (len(sketch) - 1) // 8
        return n, n
    about = _estimate(np.frombuffer(sketch, dtype=np.uint8, offset=1))
    return max(EXACT + 1, floor(about / (1 + SPREAD))), ceil(about / (1 - SPREAD))


def _hashes(sketch: bytes) -> Hashes:
    return np.frombuffer(sketch, dtype="<u8", offset=1).astype(np.uint64)


def _registers(hashes: Hashes) -> NDArray[np.uint8]:
    """
    Per register the highest rank (where the first one bit stands) of the hashes that fall to it.
    """
    registers = np.zeros(_REGISTERS, dtype=np.uint8)
    rest = hashes >> np.uint64(_BITS)  # below 2^53: exact as a float
    ranks = np.where(rest > 0, _RANKS + 1 - np.frexp(rest.astype(np.float64))[1], _RANKS + 1)
    np.maximum.at(registers, (hashes & np.uint64(_REGISTERS - 1)).astype(np.int64), ranks.astype(np.uint8))
    return registers


def _estimate(registers: NDArray[np.uint8]) -> float:
    counts = np.bincount(registers, minlength=_RANKS + 2).tolist()
    found = _REGISTERS * _tau(1 - counts[_RANKS + 1] / _REGISTERS)
    for rank in range(_RANKS, 0, -1):
        found = (found + counts[rank]) / 2
    found += _REGISTERS * _sigma(counts[0] / _REGISTERS)
    return float(_REGISTERS**2 / (2 * log(2) * found))


def _sigma(share: float) -> float:
    """
    What empty registers add; they are infinitely many only for an empty sketch, which is known one by one.
    """
    power, total, before = 1.0, share, -1.0
    while total != before:
        share, before = share * share, total
        total += share * power
        power *= 2
    return total


def _tau(share: float) -> float:
    """
    What full registers take away.
    """
    if share in (0.0, 1.0):
        return 0.0
    power, total, before = 1.0, 1 - share, -1.0
    while total != before:
        share, before = sqrt(share), total
        power /= 2
        total -= (1 - share) ** 2 * power
    return total / 3
