# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
How much did these rows count between two slots? The loops behind `watchkeeper.measure.rings`, which is the reference.

A row's place is 4 * index + kind: kind 0 lies in the uint16 table, 1 in uint32, 2 in int64; -1 is nowhere. Beside each
table of slots lies one of block totals, 16 slots each. Every table is a memoryview whose accesses are checked.
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

ctypedef fused cell:
    uint16_t
    uint32_t
    int64_t

ctypedef fused block:
    uint32_t
    int64_t


cdef int64_t span(cell[:, ::1] cells, block[:, ::1] blocks, Py_ssize_t i, Py_ssize_t a, Py_ssize_t b) except? -1:
    """The columns a..b-1 of row i."""
    cdef int64_t total = 0
    while a < b and a & 15:
        total += <int64_t>cells[i, a]
        a += 1
    while a + 16 <= b:
        total += <int64_t>blocks[i, a >> 4]
        a += 16
    while a < b:
        total += <int64_t>cells[i, a]
        a += 1
    return total


def sums(const int32_t[::1] places,
         uint16_t[:, ::1] c16, uint32_t[:, ::1] b16,
         uint32_t[:, ::1] c32, int64_t[:, ::1] b32,
         int64_t[:, ::1] c64, int64_t[:, ::1] b64,
         const int64_t[::1] rows, const int64_t[::1] firsts, const int64_t[::1] lasts,
         int64_t head, int64_t length, int64_t[::1] out):
    """What each row counted in its slots first..last, into `out`."""
    cdef Py_ssize_t k, n = rows.shape[0], known = places.shape[0], i, a, b, part
    cdef int64_t row, first, last, total
    cdef int32_t place
    for k in range(n):
        out[k] = 0
        row = rows[k]
        if row < 0 or row >= known:
            continue
        place = places[row]
        if place < 0:
            continue
        first, last = firsts[k], lasts[k]
        if first < head - length + 1:
            first = head - length + 1
        if last > head:
            last = head
        if last < first:
            continue
        i = place >> 2
        a = <Py_ssize_t>((first % length + length) % length)
        b = a + <Py_ssize_t>(last - first + 1)
        part = b if b <= length else <Py_ssize_t>length
        if place & 3 == 0:
            total = span(c16, b16, i, a, part)
            if b > length:
                total += span(c16, b16, i, 0, b - <Py_ssize_t>length)
        elif place & 3 == 1:
            total = span(c32, b32, i, a, part)
            if b > length:
                total += span(c32, b32, i, 0, b - <Py_ssize_t>length)
        else:
            total = span(c64, b64, i, a, part)
            if b > length:
                total += span(c64, b64, i, 0, b - <Py_ssize_t>length)
        out[k] = total


def add(const int32_t[::1] places,
        uint16_t[:, ::1] c16, uint32_t[:, ::1] b16,
        uint32_t[:, ::1] c32, int64_t[:, ::1] b32,
        int64_t[:, ::1] c64, int64_t[:, ::1] b64,
        const int64_t[::1] rows, const int64_t[::1] at_ns, const int64_t[::1] amounts,
        int64_t slot_ns, int64_t head, int64_t length, Py_ssize_t start):
    """
    Count amounts from `start` on, each in the slot of its time; what lies outside of the ring is left out. The first
    whose row has no room, or does not hold it, or how many there are.
    """
    cdef Py_ssize_t k, n = rows.shape[0], known = places.shape[0], i, c = 0
    cdef int64_t amount, found, slot = head, at = head * slot_ns
    cdef int32_t place
    cdef bint inside = True
    if slot_ns <= 0 or length <= 0:
        raise ValueError("a ring without slots")
    c = <Py_ssize_t>((head % length + length) % length)
    for k in range(start, n):
        amount = amounts[k]
        if amount == 0:
            continue
        if at_ns[k] != at:
            at = at_ns[k]
            slot = at // slot_ns
            if at < 0 and slot * slot_ns != at:
                slot -= 1
            inside = head - length < slot <= head
            c = <Py_ssize_t>((slot % length + length) % length)
        if not inside:
            continue
        if rows[k] >= known:
            return k
        place = places[rows[k]]
        if place < 0:
            return k
        i = place >> 2
        if place & 3 == 0:
            if amount > 65535 or amount < -65535:
                return k
            found = <int64_t>c16[i, c] + amount
            if found < 0 or found > 65535:
                return k
            c16[i, c] = <uint16_t>found
            b16[i, c >> 4] += <uint32_t>amount
        elif place & 3 == 1:
            if amount > 4294967295 or amount < -4294967295:
                return k
            found = <int64_t>c32[i, c] + amount
            if found < 0 or found > 4294967295:
                return k
            c32[i, c] = <uint32_t>found
            b32[i, c >> 4] += amount
        else:
            c64[i, c] += amount
            b64[i, c >> 4] += amount
    return n


cdef int64_t one(uint16_t[:, ::1] c16, uint32_t[:, ::1] c32, int64_t[:, ::1] c64, int32_t place, Py_ssize_t c) except? -1:
    """What lies in one slot."""
    if place & 3 == 0:
        return c16[place >> 2, c]
    if place & 3 == 1:
        return c32[place >> 2, c]
    return c64[place >> 2, c]


def known(const int32_t[::1] places,
          uint16_t[:, ::1] c16, uint32_t[:, ::1] c32, int64_t[:, ::1] c64,
          const int64_t[::1] rows, const int64_t[::1] firsts, const int64_t[::1] lasts, const int64_t[::1] reaches,
          int64_t head, int64_t length, int64_t[::1] out):
    """In how many of the slots first..last, or in the `reach` - 1 slots before each, the row counted something."""
    cdef Py_ssize_t k, n = rows.shape[0], m = places.shape[0], c
    cdef int64_t row, slot, end, first, reach, spoke, total
    cdef int32_t place
    for k in range(n):
        out[k] = 0
        row = rows[k]
        if row < 0 or row >= m or places[row] < 0:
            continue
        place, first, reach = places[row], firsts[k], reaches[k]
        slot = first - reach + 1
        if slot < head - length + 1:
            slot = head - length + 1
        end = lasts[k] if lasts[k] < head else head
        total, spoke = 0, first - 1  # `spoke`: up to where the slots are known
        c = <Py_ssize_t>((slot % length + length) % length)
        while slot <= end:
            if one(c16, c32, c64, place, c) > 0:
                # What was known ended at `spoke`; this word counts for slot..slot + reach - 1.
                if slot > spoke + 1:
                    total += reach
                else:
                    total += slot + reach - 1 - spoke
                spoke = slot + reach - 1
            slot += 1
            c += 1
            if c == length:
                c = 0
        if spoke > lasts[k]:
            total -= spoke - lasts[k]
        out[k] = total if total > 0 else 0
