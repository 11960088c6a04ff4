"""
Which comparisons hold, given what was counted?

The reference of `native/sweep.pyx`: the same arrays in, the same codes out. Products that 64 bits might not hold are
made of Python's own integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.condition.ast import Op, Quantifier
from watchkeeper.measure.posed import Kind
from watchkeeper.measure.values import Ints

Codes = NDArray[np.int8]
Half = NDArray[np.uint8]

CLEAR, HOLDS, UNKNOWN, ASK = 0, 1, 2, 3
#: Unknown too, and why: for what follows from it. `VALUELESS` is only said of what is given.
NO_EVENTS, TOO_FEW, VALUELESS = 4, 5, 6
#: Of a stream in a window: less than half of it was heard, at least half, or a part of it does not count.
DEAF, HALF, CUT = 0, 1, 2
OPS = {op: number for number, op in enumerate((Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE))}
WHERES = {None: 0, Quantifier.ANY: 1, Quantifier.ALL: 2, Quantifier.N_OF: 3}
ROWS = 5  # how many rows a comparison reads at most
#: Beyond this the sum of a mean, times q, may not fit 128 bits.
_WIDE_Q = 2**31
_WIDE_SUM = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """
    Comparisons as columns. `cells` are places in the sums, (n, 5); `window` and `heard` places in the lengths and in
    what is half known; `given` a place in what is given, -1 for none.
    """

    kind: Codes
    op: Codes
    p: Ints
    q: Ints
    at_least: Ints
    good: Codes
    settles: Codes
    spoilt: Codes
    cells: Ints
    window: Ints
    heard: Ints
    given: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """
    How comparisons make alerts: a node is one comparison or a pair (`second`, -1 for none); an alert is the nodes
    `begin`..`begin + count - 1`: the one it has, or enough of them (`where`, `n` of `of`).
    """

    first: Ints
    second: Ints
    begin: Ints
    count: Ints
    where: Codes
    n: Ints
    of: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """
    Bounds that were not counted in rows: x / y lies between x1 / y1 and x2 / y2. `state` is 0, or why there is none.
    """

    x1: Ints
    y1: Ints
    x2: Ints
    y2: Ints
    state: Codes


class Judge:
    """
    Compares everything at once.
    """

    def __init__(self, leaves: Leaves, alerts: Alerts) -> None:
        self._leaves, self._alerts = leaves, alerts
        self._of = {kind: np.flatnonzero(leaves.kind == kind) for kind in Kind}
        self._node = np.repeat(np.arange(len(alerts.begin)), alerts.count)  # the alert of each node

    def codes(self, sums: Ints, half: NDArray[np.uint8], lengths: Ints, given: Given) -> Codes:
        """
        A code for every alert.
        """
        return self._together(self.compared(sums, half, lengths, given))

    def compared(self, sums: Ints, half: NDArray[np.uint8], lengths: Ints, given: Given) -> Codes:
        """
        A code for every comparison.
        """
        one = self._leaves
        cells = sums[one.cells]
        codes = self._dark(cells, half)
        for kind in Kind:
            mine = self._of[kind]
            mine = mine[codes[mine] == CLEAR]
            if len(mine):
                codes[mine] = self._of_kind(kind, mine, cells[mine], lengths, given)
        return codes

    def _dark(self, cells: Ints, half: NDArray[np.uint8]) -> Codes:
        """
        Why nobody can say, whatever is compared; `CLEAR` where somebody can.
        """
        one = self._leaves
        n, matched = cells[:, 0], cells[:, 1]
        bad = np.where(one.good == 1, n - matched, matched)
        deaf = (half[one.heard] == DEAF) & ~((one.settles == 1) & (bad > 0))
        counts = (one.kind == Kind.COUNT) | (one.kind == Kind.RATE)
        codes = np.select(
            [half[one.heard] == CUT, deaf, counts, (one.at_least >= 0) & (n < one.at_least), n == 0],
            [ASK, UNKNOWN, CLEAR, TOO_FEW, NO_EVENTS],
            CLEAR,
        ).astype(np.int8)
        codes[self._of[Kind.NEWEST]] = CLEAR
        codes[self._of[Kind.UNKNOWN]] = UNKNOWN
        codes[self._of[Kind.ASK]] = ASK
        return codes

    def _of_kind(self, kind: Kind, mine: Ints, cells: Ints, lengths: Ints, given: Given) -> Codes:
        one, ones = self._leaves, np.ones(len(mine), dtype=np.int64)
        n, a, b = cells[:, 0], cells[:, 1], cells[:, 2]
        match kind:
            case Kind.SHARE:
                return self._exact(mine, a, n)
            case Kind.COUNT:
                return self._exact(mine, n, ones)
            case Kind.RATE:
                return self._exact(mine, n, lengths[one.window[mine]])
            case Kind.BURN:
                return self._exact(mine, np.where(one.good[mine] == 1, n - a, a), n)
            case Kind.UNDER:
                return self._bounded(mine, a, n, n - b, n)
            case Kind.BURN_OVER:
                return np.where(b == n - a, self._exact(mine, b, n), np.int8(UNKNOWN))
            case Kind.BURN_UNDER:
                return np.where(b == n - a, self._exact(mine, a, n), np.int8(UNKNOWN))
            case Kind.MEAN:
                return self._mean(mine, cells)
            case Kind.NEWEST | Kind.GIVEN:
                return self._given(mine, a, given)
        return np.full(len(mine), UNKNOWN, dtype=np.int8)

    def _mean(self, mine: Ints, cells: Ints) -> Codes:
        valued, low, high, bucketed = (cells[:, i] for i in (1, 2, 3, 4))
        whole = (np.abs(high) < 2**30) & (np.abs(low) < 2**62)
        codes = self._exact(mine, np.where(whole, (high << 32) + low, 0), valued)
        for i in np.flatnonzero(~whole).tolist():
            q = int(self._leaves.q[mine[i]])
            if q >= _WIDE_Q or abs(int(high[i])) >= _WIDE_SUM:
                codes[i] = ASK
                continue
            left, right = ((int(high[i]) << 32) + int(low[i])) * q, int(self._leaves.p[mine[i]]) * int(valued[i])
            codes[i] = _holds(self._leaves.op[mine[i : i + 1]], np.array([(left > right) - (left < right)]))[0]
        codes[valued == 0] = NO_EVENTS
        codes[bucketed > 0] = UNKNOWN
        return codes

    def _given(self, mine: Ints, bucketed: Ints, given: Given) -> Codes:
        which, spoilt = self._leaves.given[mine], (self._leaves.spoilt[mine] == 1) & (bucketed > 0)
        state = given.state[which]
        codes = self._bounded(mine, given.x1[which], given.y1[which], given.x2[which], given.y2[which])
        valueless = np.where(bucketed > 0, np.int8(UNKNOWN), np.int8(NO_EVENTS))
        codes = np.where(spoilt, np.int8(UNKNOWN), codes)
        return np.select([state == CLEAR, state == VALUELESS], [codes, valueless], state).astype(np.int8)

    def _exact(self, mine: Ints, x: Ints, y: Ints) -> Codes:
        one = self._leaves
        return _holds(one.op[mine], _compared(x, one.q[mine], one.p[mine], y))

    def _bounded(self, mine: Ints, x1: Ints, y1: Ints, x2: Ints, y2: Ints) -> Codes:
        """
        Settled when both bounds agree; for `=` and `!=`, when neither they nor anything between can be equal.
        """
        one = self._leaves
        op, q, p = one.op[mine], one.q[mine], one.p[mine]
        low, high = _compared(x1, q, p, y1), _compared(x2, q, p, y2)
        equals = (op == OPS[Op.EQ]) | (op == OPS[Op.NE])
        first, other = _holds(op, low), _holds(op, high)
        agree = np.where(equals, (low == high), first == other)
        return np.where(agree, first, np.int8(UNKNOWN))

    def _together(self, leaves: Codes) -> Codes:
        one = self._alerts
        first = leaves[one.first]
        second = np.where(one.second >= 0, leaves[one.second], np.int8(HOLDS))
        nodes = np.select(
            [(first == CLEAR) | (second == CLEAR), (first == ASK) | (second == ASK), first >= UNKNOWN],
            [np.int8(CLEAR), np.int8(ASK), first],
            second,
        ).astype(np.int8)
        plain = one.where == 0
        codes = np.full(len(one.begin), UNKNOWN, dtype=np.int8)
        codes[plain] = nodes[one.begin[plain]]
        if not plain.all():
            codes[~plain] = self._enough(nodes)[~plain]
        return codes

    def _enough(self, nodes: Codes) -> Codes:
        """
        `in N of M`: how many hold, how many nobody knows, how many were never heard of.
        """
        one = self._alerts
        mute = (nodes == NO_EVENTS) & (one.where[self._node] == WHERES[Quantifier.ALL])
        speaks = self._count(~mute) > 0
        counted = ~mute | ~speaks[self._node]
        unknown = counted & (nodes >= UNKNOWN)
        known, holding, dark = self._count(counted), self._count(nodes == HOLDS), self._count(unknown)
        least = np.select([one.where == 1, one.where == 2], [1, np.maximum(known, one.of)], one.n)
        missing = np.maximum(0, one.of - known)
        reason = np.full(len(one.begin), len(nodes), dtype=np.int64)
        np.minimum.at(reason, self._node[unknown], np.flatnonzero(unknown))
        why = np.r_[nodes, np.int8(UNKNOWN)][reason]
        codes = np.select([holding >= least, holding + dark + missing >= least], [np.int8(HOLDS), why], np.int8(CLEAR))
        return np.where(self._count(nodes == ASK) > 0, np.int8(ASK), codes).astype(np.int8)

    def _count(self, which: NDArray[np.bool_]) -> Ints:
        return np.bincount(self._node[which], minlength=len(self._alerts.begin))


def _compared(x: Ints, q: Ints, p: Ints, y: Ints) -> Ints:
    """
    -1, 0 or 1: whether x * q is less than p * y, the same, or more.
    """
    large = (np.abs(x.astype(float)) * np.abs(q.astype(float)) >= 2.0**62) | (
        np.abs(p.astype(float)) * np.abs(y.astype(float)) >= 2.0**62
    )
    if not large.any():
        left, right = x * q, p * y
        return (left > right).astype(np.int64) - (left < right)
    found = np.zeros(len(x), dtype=np.int64)
    found[~large] = _compared(x[~large], q[~large], p[~large], y[~large])
    for i in np.flatnonzero(large).tolist():
        one, other = int(x[i]) * int(q[i]), int(p[i]) * int(y[i])
        found[i] = (one > other) - (one < other)
    return found


def _holds(op: Codes, compared: Ints) -> Codes:
    held: Codes = np.select(
        [op == 0, op == 1, op == 2, op == 3, op == 4],
        [compared < 0, compared <= 0, compared > 0, compared >= 0, compared == 0],
        compared != 0,
    ).astype(np.int8)
    return held


def columns(rows: Sequence[Sequence[int]], width: int) -> Ints:
    """
    Rows of numbers as one array, also where there are none.
    """
    return np.array(rows, dtype=np.int64).reshape(-1, width)
