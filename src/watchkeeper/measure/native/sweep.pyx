# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which comparisons hold, given what was counted? The loops behind `watchkeeper.measure.sweep`; `measure.verdicts` is the
reference, with the same arrays and the same codes. Every array is a memoryview whose accesses are checked.
"""

from libc.stdint cimport int8_t, int64_t, uint8_t

cdef extern from *:
    """
    #include <stdint.h>
    static int wk_compared(int64_t x, int64_t q, int64_t p, int64_t y) {
        __int128 left = (__int128)x * q, right = (__int128)p * y;
        return (left > right) - (left < right);
    }
    static int wk_compared_sum(int64_t high, int64_t low, int64_t q, int64_t p, int64_t y) {
        __int128 left = ((__int128)high * 4294967296LL + low) * q, right = (__int128)p * y;
        return (left > right) - (left < right);
    }
    """
    int compared "wk_compared"(int64_t x, int64_t q, int64_t p, int64_t y) nogil
    int compared_sum "wk_compared_sum"(int64_t high, int64_t low, int64_t q, int64_t p, int64_t y) nogil

cdef enum:
    CLEAR = 0
    HOLDS = 1
    UNKNOWN = 2
    ASK = 3
    NO_EVENTS = 4
    TOO_FEW = 5
    VALUELESS = 6

cdef enum:
    DEAF = 0
    CUT = 2

cdef enum:
    OF_ASK = 0
    OF_UNKNOWN = 1
    OF_VALUELESS = 2
    OF_SHARE = 3
    OF_MEAN = 4
    OF_COUNT = 5
    OF_RATE = 6
    OF_UNDER = 7
    OF_BURN = 8
    OF_BURN_OVER = 9
    OF_BURN_UNDER = 10
    OF_NEWEST = 11
    OF_GIVEN = 12


cdef inline int8_t held(int8_t op, int sign) noexcept:
    if op == 0:
        return sign < 0
    if op == 1:
        return sign <= 0
    if op == 2:
        return sign > 0
    if op == 3:
        return sign >= 0
    if op == 4:
        return sign == 0
    return sign != 0


cdef inline int8_t between(int8_t op, int low, int high) noexcept:
    """Settled when both bounds agree; for `=` and `!=`, when nothing between them can be equal."""
    if op >= 4:
        return held(op, low) if low == high else UNKNOWN
    return held(op, low) if held(op, low) == held(op, high) else UNKNOWN


cdef class Judge:
    cdef const int8_t[::1] kind, op, good, settles, spoilt, where, state
    cdef const int64_t[::1] p, q, at_least, window, heard, given, first, second, begin, count, n, of
    cdef const int64_t[:, ::1] cells
    cdef const int64_t[::1] sums, lengths, x1, y1, x2, y2
    cdef const uint8_t[::1] half
    cdef int8_t[::1] leaves, nodes

    def __init__(self, leaves, alerts):
        self.kind, self.op, self.good = leaves.kind, leaves.op, leaves.good
        self.settles, self.spoilt = leaves.settles, leaves.spoilt
        self.p, self.q, self.at_least = leaves.p, leaves.q, leaves.at_least
        self.cells, self.window, self.heard, self.given = leaves.cells, leaves.window, leaves.heard, leaves.given
        self.first, self.second, self.begin, self.count = alerts.first, alerts.second, alerts.begin, alerts.count
        self.where, self.n, self.of = alerts.where, alerts.n, alerts.of

    def codes(self, sums, half, lengths, x1, y1, x2, y2, state, leaves, nodes, int8_t[::1] out):
        """A code for every comparison, node and alert."""
        cdef Py_ssize_t i
        self.sums, self.half, self.lengths = sums, half, lengths
        self.x1, self.y1, self.x2, self.y2, self.state = x1, y1, x2, y2, state
        self.leaves, self.nodes = leaves, nodes
        for i in range(self.kind.shape[0]):
            self.leaves[i] = self.leaf(i)
        for i in range(self.first.shape[0]):
            self.nodes[i] = self.node(i)
        for i in range(self.begin.shape[0]):
            out[i] = self.alert(i)

    cdef int8_t leaf(self, Py_ssize_t i) except -1:
        cdef int8_t kind = self.kind[i], op = self.op[i]
        cdef int64_t n, a, b, p, q, low, high
        cdef uint8_t heard
        if kind == OF_ASK:
            return ASK
        if kind == OF_UNKNOWN:
            return UNKNOWN
        n, a = self.sums[self.cells[i, 0]], self.sums[self.cells[i, 1]]
        if kind == OF_NEWEST:
            return self.told(i, a)
        heard = self.half[self.heard[i]]
        if heard == CUT:
            return ASK
        if heard == DEAF and not (self.settles[i] and (n - a if self.good[i] else a) > 0):
            return UNKNOWN
        p, q = self.p[i], self.q[i]
        if kind == OF_COUNT:
            return held(op, compared(n, q, p, 1))
        if kind == OF_RATE:
            return held(op, compared(n, q, p, self.lengths[self.window[i]]))
        if self.at_least[i] >= 0 and n < self.at_least[i]:
            return TOO_FEW
        if n == 0:
            return NO_EVENTS
        if kind == OF_SHARE:
            return held(op, compared(a, q, p, n))
        if kind == OF_BURN:
            return held(op, compared(n - a if self.good[i] else a, q, p, n))
        if kind == OF_GIVEN:
            return self.told(i, a)
        b = self.sums[self.cells[i, 2]]
        if kind == OF_UNDER:
            return between(op, compared(a, q, p, n), compared(n - b, q, p, n))
        if kind == OF_BURN_OVER:
            return held(op, compared(b, q, p, n)) if b == n - a else UNKNOWN
        if kind == OF_BURN_UNDER:
            return held(op, compared(a, q, p, n)) if b == n - a else UNKNOWN
        if kind != OF_MEAN:
            return UNKNOWN
        if self.sums[self.cells[i, 4]] > 0:
            return UNKNOWN
        if a == 0:
            return NO_EVENTS
        low, high = b, self.sums[self.cells[i, 3]]
        if (high >= 1 << 30 or high <= -(1 << 30) or low >= <int64_t>1 << 62 or low <= -(<int64_t>1 << 62)) and (
            q >= <int64_t>1 << 31 or high >= <int64_t>1 << 62 or high <= -(<int64_t>1 << 62)
        ):
            return ASK
        return held(op, compared_sum(high, low, q, p, a))

    cdef int8_t told(self, Py_ssize_t i, int64_t bucketed) except -1:
        cdef Py_ssize_t k = <Py_ssize_t>self.given[i]
        cdef int8_t why = self.state[k]
        cdef int64_t p = self.p[i], q = self.q[i]
        if why == VALUELESS:
            return UNKNOWN if bucketed > 0 else NO_EVENTS
        if why != CLEAR:
            return why
        if self.spoilt[i] and bucketed > 0:
            return UNKNOWN
        return between(self.op[i], compared(self.x1[k], q, p, self.y1[k]), compared(self.x2[k], q, p, self.y2[k]))

    cdef int8_t node(self, Py_ssize_t i) except -1:
        cdef int8_t first = self.leaves[self.first[i]], second = HOLDS
        if self.second[i] >= 0:
            second = self.leaves[self.second[i]]
        if first == CLEAR or second == CLEAR:
            return CLEAR
        if first == ASK or second == ASK:
            return ASK
        return first if first >= UNKNOWN else second

    cdef int8_t alert(self, Py_ssize_t i) except -1:
        cdef int64_t begin = self.begin[i], end = self.begin[i] + self.count[i], k
        cdef int64_t holding = 0, dark = 0, mute = 0, known = self.count[i], least, missing
        cdef int8_t where = self.where[i], code, why = 0
        if where == 0:
            return self.nodes[begin]
        for k in range(begin, end):
            code = self.nodes[k]
            if code == ASK:
                return ASK
            if code == HOLDS:
                holding += 1
            elif where == 2 and code == NO_EVENTS:
                mute += 1
            elif code >= UNKNOWN:
                dark += 1
                if why == 0:
                    why = code
        if mute and mute == known:
            dark, why = mute, NO_EVENTS
        else:
            known -= mute
        least = 1 if where == 1 else (known if known > self.of[i] else self.of[i]) if where == 2 else self.n[i]
        missing = self.of[i] - known if self.of[i] > known else 0
        if holding >= least:
            return HOLDS
        if holding + dark + missing >= least:
            return why if why else UNKNOWN
        return CLEAR


def add(const int64_t[::1] local, const int64_t[::1] begins, const int64_t[::1] order, const int64_t[::1] windows,
        const int64_t[::1] slot_ns, const int64_t[::1] firsts, const int64_t[::1] lasts,
        const int64_t[::1] rows, const int64_t[::1] at_ns, const int64_t[::1] amounts, int64_t[::1] sums):
    """Add amounts to the cells of their rows, in the windows that their slots lie in."""
    cdef Py_ssize_t i, k
    cdef int64_t row, cell, window, slot
    for i in range(rows.shape[0]):
        row = local[rows[i]]
        if row < 0:
            continue
        for k in range(begins[row], begins[row + 1]):
            cell = order[k]
            window = windows[cell]
            slot = at_ns[i] // slot_ns[window]
            if firsts[window] <= slot <= lasts[window]:
                sums[cell] += amounts[i]


cdef enum:
    OLD = 0
    LEFT = 1
    LAST = 2
    ROW = 3
    AMONG = 4


def see(const int64_t[::1] newest, const int64_t[::1] what, const int64_t[::1] most, const int64_t[::1] window,
        const int64_t[::1] heard, const int64_t[::1] late_window, const uint8_t[::1] by_seen,
        const int64_t[::1] which, const int64_t[::1] seen_ns, const int64_t[::1] last_ns, const int64_t[::1] last,
        const int64_t[:, ::1] at_ns, const uint8_t[:, ::1] bad, const int64_t[::1] start_ns,
        const int64_t[::1] end_ns, const int64_t[::1] known, const uint8_t[::1] half, bint back,
        int64_t[::1] x1, int64_t[::1] x2, int8_t[::1] state):
    """The newest results as they lie in their windows now."""
    cdef Py_ssize_t i, k, j
    cdef int64_t begin, x, n
    cdef int8_t why
    cdef bint spoke
    for i in range(newest.shape[0]):
        k, begin, x, why = <Py_ssize_t>which[i], start_ns[window[i]], 0, CLEAR
        if what[i] == OLD:
            x = end_ns[window[i]] - seen_ns[k]
        elif what[i] == LEFT:
            x = last[k] - end_ns[window[i]] + last_ns[k]
        elif what[i] == LAST:
            x = last[k]
        else:
            n = most[i] if what[i] == AMONG else at_ns.shape[1]
            for j in range(min(n, <int64_t>at_ns.shape[1])):
                if bad[k, j] and at_ns[k, j] >= begin:
                    x += 1
                elif what[i] == ROW:
                    break
        if (what[i] == LEFT or what[i] == LAST) and last_ns[k] < begin:
            why = VALUELESS
        if seen_ns[k] < begin:
            why = NO_EVENTS
        if heard[i] >= 0:
            spoke = seen_ns[k] >= start_ns[late_window[i]] if by_seen[i] else known[heard[i]] > 0
            if not spoke:
                why = UNKNOWN
            if half[heard[i]] == CUT:
                why = ASK
        if back:
            why = ASK
        x1[newest[i]] = x2[newest[i]] = x
        state[newest[i]] = why
