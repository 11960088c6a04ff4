# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
What was each cumulative series last heard to say? The reference, and the rules, are in `counter_series.py`.

Points lie in numbered slots, one cache line each; an open-addressed index finds the slot of an identity under a random
seed. A single value lies in its point; the values of a histogram in a chunk of the slab, whose size is a power of two,
so that chunks that were given back are found again. What an open change touched is copied first (`_before`): that is
what a patch tells and a rollback puts back.
"""

import os

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t
from watchkeeper.measure.native.reader cimport Reader, fixed64, fold, reader_of
from watchkeeper.measure.counter_parts import MOST_VALUES, pack, parts
from watchkeeper.measure.counter_series import SPARE

cdef struct Point:
    uint64_t low
    uint64_t high
    int64_t start_ns
    int64_t at_ns
    int64_t heard    # a running number: the least was heard longest ago
    double value     # of a series of one value
    uint32_t first   # of a series of many: where its chunk begins
    uint16_t length  # how many values
    uint16_t there   # 0: a free slot; among the copies: there was no such series


POINT = np.dtype(
    [
        ("low", np.uint64), ("high", np.uint64), ("start_ns", np.int64), ("at_ns", np.int64), ("heard", np.int64),
        ("value", np.float64), ("first", np.uint32), ("length", np.uint16), ("there", np.uint16),
    ]
)

cdef enum:
    BASE = 0
    STALE = 1
    ANEW = 2
    GOES_ON = 3
    FIRST_SLOTS = 256
    SIZES = 17
    MOST = 65535


cdef class Series:
    cdef readonly int64_t size, dropped, overlapping
    cdef int64_t _limit, _fresh_ns, _heard, _heard_before, _overlapping_before
    cdef Py_ssize_t _n, _top, _free_n, _before_n, _slab_n, _kept_n
    cdef bint _open
    cdef uint64_t _seed, _other
    cdef Point[::1] _points
    cdef int32_t[::1] _index    # slot + 1; 0 where nothing is
    cdef int32_t[::1] _free
    cdef double[::1] _slab
    cdef int64_t[::1] _chunks   # by size: the first chunk that was given back + 1, each says the next; 0 for none
    cdef Point[::1] _before
    cdef int32_t[::1] _touched  # the slot of each of them
    cdef double[::1] _kept      # the values of those of many
    # what `_look` found
    cdef Py_ssize_t _slot
    cdef Py_ssize_t _next       # the slot that is likely asked for next
    cdef uint64_t _low, _high
    cdef int64_t _start

    def __init__(self, *, int64_t limit, int64_t fresh_ns):
        self._limit, self._fresh_ns = limit, fresh_ns
        self._seed = int.from_bytes(os.urandom(8), "little")
        self._other = int.from_bytes(os.urandom(8), "little") | 1
        self._before = np.zeros(FIRST_SLOTS, dtype=POINT)
        self._touched = np.zeros(FIRST_SLOTS, dtype=np.int32)
        self._kept = np.zeros(FIRST_SLOTS)
        self._clear()

    cdef int _clear(self) except -1:
        self._points = np.zeros(FIRST_SLOTS, dtype=POINT)
        self._index = np.zeros(4 * FIRST_SLOTS, dtype=np.int32)
        self._free = np.zeros(FIRST_SLOTS, dtype=np.int32)
        self._slab = np.zeros(FIRST_SLOTS)
        self._chunks = np.zeros(SIZES, dtype=np.int64)
        self._n = self._top = self._free_n = self._slab_n = self._next = 0
        self.size = 0
        return 0

    def __len__(self):
        return self._n

    @property
    def nbytes(self):
        """
        How much memory the series hold.
        """
        return 64 * self._points.shape[0] + 4 * (self._index.shape[0] + self._free.shape[0]) + 8 * self._slab.shape[0]

    # --- reading points

    def grown(self, identities, start_ns, at_ns, offsets, values, bint marked=False):
        """
        Growth of each value; which points were only a base; which were not newer. Marked: the first value of a point
        is no number but a mark, and where it is another than before, the point is a base.
        """
        cdef const uint64_t[:, ::1] names = np.ascontiguousarray(identities, dtype=np.uint8).view(np.uint64)
        cdef const int64_t[::1] starts = np.ascontiguousarray(start_ns, dtype=np.int64)
        cdef const int64_t[::1] at = np.ascontiguousarray(at_ns, dtype=np.int64)
        cdef const int64_t[::1] limits = np.ascontiguousarray(offsets, dtype=np.int64)
        cdef const double[::1] told = np.ascontiguousarray(values, dtype=np.float64)
        cdef Py_ssize_t n = at.shape[0], i
        growth_, base_, stale_ = np.zeros(told.shape[0]), np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        cdef double[::1] growth = growth_
        cdef unsigned char[::1] base = base_.view(np.uint8), stale = stale_.view(np.uint8)
        cdef int found
        for i in range(n):
            found = self._one(names[i, 0], names[i, 1], starts[i], at[i], told, limits[i], limits[i + 1], growth, marked)
            base[i] = found == BASE
            stale[i] = found == STALE
        return growth_, base_, stale_

    cdef int _one(
        self, uint64_t low, uint64_t high, int64_t start, int64_t at,
        const double[::1] told, int64_t first, int64_t last, double[::1] growth, bint marked,
    ) except -1:
        # One point: what was found; its growth is written.
        cdef int found
        cdef Py_ssize_t length = last - first, i
        cdef int64_t chunk
        cdef bint anew
        if length < 0 or length > MOST:
            raise ValueError(f"a series has at most {MOST_VALUES} values, not {length}")
        found = self._look(low, high, start, at, length, False)
        if marked and found == GOES_ON and told[first] != self._mark():
            found = BASE
        elif found == GOES_ON and length == 1:
            if told[first] < self._points[self._slot].value:
                growth[first] = told[first]
            else:
                growth[first] = told[first] - self._points[self._slot].value
        elif found == GOES_ON:
            chunk, anew = self._points[self._slot].first, False
            for i in range(length):
                if told[first + i] < self._slab[chunk + i]:
                    anew = True
                    break
            for i in range(length):
                growth[first + i] = told[first + i] - (0.0 if anew else self._slab[chunk + i])
        elif found == ANEW:
            for i in range(length):
                growth[first + i] = told[first + i]
        if marked:
            growth[first] = 0.0
        if found != STALE:
            self._keep(at, length)
            if length == 1:
                self._points[self._slot].value = told[first]
            else:
                chunk = self._points[self._slot].first
                for i in range(length):
                    self._slab[chunk + i] = told[first + i]
        return found

    cdef double _mark(self) except *:
        # The first value of the point that was looked at.
        if self._points[self._slot].length == 1:
            return self._points[self._slot].value
        return self._slab[self._points[self._slot].first]

    def exchange(self, bytes identity not None, int64_t start_ns, int64_t at_ns, values):
        """
        Keep values that are compared elsewhere: what was found, and where the series goes on, what was there before.
        """
        cdef uint64_t low = _half(identity, 0), high = _half(identity, 8)
        cdef const double[::1] told = np.asarray(values, dtype=np.float64)
        cdef Py_ssize_t length = told.shape[0], i
        cdef int64_t chunk
        if length > MOST:
            raise ValueError(f"a series has at most {MOST_VALUES} values, not {length}")
        cdef int found = self._look(low, high, start_ns, at_ns, length, True)
        before = self._values(self._slot) if found == GOES_ON else None
        if found != STALE:
            self._keep(at_ns, length)
            if length == 1:
                self._points[self._slot].value = told[0]
            else:
                chunk = self._points[self._slot].first
                for i in range(length):
                    self._slab[chunk + i] = told[i]
        return found, before

    def last(self, bytes identity not None):
        """
        The instant of the last point, in ns; 0 where none is known.
        """
        cdef Py_ssize_t slot = self._find(_half(identity, 0), _half(identity, 8))
        return 0 if slot < 0 else self._points[slot].at_ns

    def values(self, bytes identity not None):
        """
        The values of the last point; None where none is known.
        """
        cdef Py_ssize_t slot = self._find(_half(identity, 0), _half(identity, 8))
        return None if slot < 0 else self._values(slot)

    cdef int _look(
        self, uint64_t low, uint64_t high, int64_t start, int64_t at, Py_ssize_t length, bint anything
    ) except -1:
        # What to make of a point. `_slot`, `_low`, `_high` and `_start` say where and with which start it is kept.
        cdef Py_ssize_t slot
        cdef int64_t began, heard
        cdef uint64_t salt
        cdef bint known
        if not self._open:
            raise RuntimeError("begin() comes before a counter is read")
        while True:
            slot = self._find(low, high)
            self._slot, self._low, self._high, self._start = slot, low, high, start
            if slot < 0 or (self._points[slot].length != length and not anything):
                # (a point before its own start, too, is of a series that has just begun)
                return ANEW if start > 0 and (at < start or at - start <= self._fresh_ns) else BASE
            began, heard = self._points[slot].start_ns, self._points[slot].at_ns
            known = start != 0 and began != 0
            if known and start < began and at <= began:
                return STALE
            if not (known and start != began and start < heard):
                break
            self.overlapping += 1
            salt = _mixed(<uint64_t>start)
            low, high = _mixed(low ^ salt), _mixed(high + salt)
        if at <= heard:
            return STALE
        if start == 0:
            self._start = began
        return ANEW if known and start != began else GOES_ON

    cdef int _keep(self, int64_t at, Py_ssize_t length) except -1:
        # The point that `_look` looked at is the newest of its series; its values are the caller's to write.
        cdef Py_ssize_t slot = self._slot
        if slot < 0:
            slot = self._slot = self._room()
            self._remember(slot)
            self._points[slot].low, self._points[slot].high = self._low, self._high
            self._points[slot].there = 1
            self._take(slot, length)
            self._enter(slot)
        else:
            if self._points[slot].heard <= self._heard_before:
                self._remember(slot)
            if self._points[slot].length != length:
                self._give(slot)
                self._take(slot, length)
        self._heard += 1
        self._points[slot].start_ns, self._points[slot].at_ns = self._start, at
        self._points[slot].heard = self._heard
        return 0

    # --- slots, chunks and the index

    cdef Py_ssize_t _room(self) except -1:
        # A free slot: the one that was given back last, else one more.
        if self._free_n:
            self._free_n -= 1
            return self._free[self._free_n]
        if self._top == self._points.shape[0]:
            self._points = _larger(self._points, self._top + self._top // 4)
        self._top += 1
        return self._top - 1

    cdef int _take(self, Py_ssize_t slot, Py_ssize_t length) except -1:
        # Room for so many values.
        cdef int size = _size(length)
        cdef int64_t chunk
        self._points[slot].length = <uint16_t>length
        self.size += max(1, length)
        if length < 2:
            return 0
        chunk = self._chunks[size] - 1
        if chunk >= 0:
            self._chunks[size] = <int64_t>self._slab[chunk]
        else:
            chunk = self._slab_n
            if chunk + (1 << size) > self._slab.shape[0]:
                self._slab = _larger(self._slab, max(chunk + (1 << size), chunk + chunk // 4))
            self._slab_n += 1 << size
        self._points[slot].first = <uint32_t>chunk
        return 0

    cdef int _give(self, Py_ssize_t slot) except -1:
        # The values are not needed any more.
        cdef int size = _size(self._points[slot].length)
        self.size -= max(1, self._points[slot].length)
        if self._points[slot].length >= 2:
            self._slab[self._points[slot].first] = <double>self._chunks[size]
            self._chunks[size] = <int64_t>self._points[slot].first + 1
        self._points[slot].length = 0
        return 0

    cdef inline Py_ssize_t _place(self, uint64_t low, uint64_t high) noexcept:
        return <Py_ssize_t>(fold(low ^ self._seed, high ^ self._other) & <uint64_t>(self._index.shape[0] - 1))

    cdef Py_ssize_t _find(self, uint64_t low, uint64_t high) except -2:
        # The slot of an identity; -1 where it is not known.
        # Senders tell their series in the same order each time: the slot after the last is looked at first.
        cdef Py_ssize_t mask = self._index.shape[0] - 1, place, slot = self._next
        if slot < self._top and self._points[slot].low == low and self._points[slot].high == high:
            if self._points[slot].there:
                self._next = slot + 1
                return slot
        place = self._place(low, high)
        while True:
            slot = self._index[place] - 1
            if slot < 0 or (self._points[slot].low == low and self._points[slot].high == high):
                self._next = slot + 1
                return slot
            place = (place + 1) & mask

    cdef int _enter(self, Py_ssize_t slot) except -1:
        # Into the index, of which at most half is taken.
        cdef Py_ssize_t mask, place, each
        self._n += 1
        if 2 * self._n > self._index.shape[0]:
            self._index = np.zeros(2 * self._index.shape[0], dtype=np.int32)
            for each in range(self._top):
                if each != slot and self._points[each].there:
                    self._enter_at(each)
        return self._enter_at(slot)

    cdef int _enter_at(self, Py_ssize_t slot) except -1:
        cdef Py_ssize_t mask = self._index.shape[0] - 1
        cdef Py_ssize_t place = self._place(self._points[slot].low, self._points[slot].high)
        while self._index[place]:
            place = (place + 1) & mask
        self._index[place] = <int32_t>(slot + 1)
        return 0

    cdef int _leave(self, Py_ssize_t slot) except -1:
        # Out of the index; what lies behind it moves up, so that no search ends too soon.
        cdef Py_ssize_t mask = self._index.shape[0] - 1, hole, place, home
        hole = self._place(self._points[slot].low, self._points[slot].high)
        while self._index[hole] != slot + 1:
            if not self._index[hole]:
                raise KeyError("a series is not in the index")
            hole = (hole + 1) & mask
        place = hole
        while True:
            place = (place + 1) & mask
            if not self._index[place]:
                break
            home = self._place(self._points[self._index[place] - 1].low, self._points[self._index[place] - 1].high)
            if ((place - home) & mask) >= ((place - hole) & mask):
                self._index[hole] = self._index[place]
                hole = place
        self._index[hole] = 0
        self._n -= 1
        return 0

    cdef int _drop(self, Py_ssize_t slot) except -1:
        self._leave(slot)
        self._give(slot)
        self._points[slot].there = 0
        if self._free_n == self._free.shape[0]:
            self._free = _larger(self._free, 2 * self._free_n)
        self._free[self._free_n] = <int32_t>slot
        self._free_n += 1
        return 0

    # --- one change

    cdef int _remember(self, Py_ssize_t slot) except -1:
        # A copy of a slot before its first change.
        cdef Py_ssize_t n = self._before_n, length = self._points[slot].length, i
        if n == self._touched.shape[0]:
            self._before, self._touched = _larger(self._before, 2 * n), _larger(self._touched, 2 * n)
        self._before[n] = self._points[slot]
        self._touched[n] = <int32_t>slot
        self._before_n = n + 1
        if self._points[slot].there and length >= 2:
            if self._kept_n + length > self._kept.shape[0]:
                self._kept = _larger(self._kept, 2 * (self._kept_n + length))
            for i in range(length):
                self._kept[self._kept_n + i] = self._slab[self._points[slot].first + i]
            self._before[n].first = <uint32_t>self._kept_n
            self._kept_n += length
        return 0

    def begin(self):
        if self._open:
            self.rollback()
        self._open = True
        self._before_n = self._kept_n = 0
        self._heard_before, self._overlapping_before = self._heard, self.overlapping

    def commit(self):
        self._open = False
        self._done()
        self._bound()

    def rollback(self):
        cdef Py_ssize_t n, slot, length, i
        if not self._open:
            return
        for n in range(self._before_n - 1, -1, -1):
            slot = self._touched[n]
            if not self._before[n].there:
                self._drop(slot)
                continue
            length = self._before[n].length
            self._give(slot)
            self._take(slot, length)
            self._points[slot].start_ns, self._points[slot].at_ns = self._before[n].start_ns, self._before[n].at_ns
            self._points[slot].heard, self._points[slot].value = self._before[n].heard, self._before[n].value
            if length >= 2:
                for i in range(length):
                    self._slab[self._points[slot].first + i] = self._kept[self._before[n].first + i]
        self._open = False
        self._heard, self.overlapping = self._heard_before, self._overlapping_before
        self._done()

    cdef int _done(self) except -1:
        # What was copied is not needed any more; a large change must not keep its room for ever.
        self._before_n = self._kept_n = 0
        if self._touched.shape[0] > 65536:
            self._before, self._touched = np.zeros(FIRST_SLOTS, dtype=POINT), np.zeros(FIRST_SLOTS, dtype=np.int32)
        if self._kept.shape[0] > 262144:
            self._kept = np.zeros(FIRST_SLOTS)
        return 0

    def patch(self):
        cdef Py_ssize_t n = self._before_n, told = 0, many = 0, full = 0, i, k, slot
        cdef bint in_full, goes_on
        if not self._open or n == 0:
            return b""
        for i in range(n):
            many += self._points[self._touched[i]].length
        slots_, lengths_, at_ = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        names_, starts_, values_ = np.empty((n, 2), dtype=np.uint64), np.empty(n, dtype=np.int64), np.empty(many)
        cdef int64_t[::1] slots = slots_, lengths = lengths_, at = at_, starts = starts_
        cdef uint64_t[:, ::1] names = names_
        cdef double[::1] values = values_
        many = 0
        for in_full in (True, False):
            for i in range(n):
                slot = self._touched[i]
                goes_on = (
                    self._before[i].there
                    and self._before[i].start_ns == self._points[slot].start_ns
                    and self._before[i].length == self._points[slot].length
                )
                if goes_on == in_full:
                    continue
                slots[told], lengths[told] = slot, self._points[slot].length
                at[told] = self._points[slot].at_ns
                if in_full:
                    names[told, 0], names[told, 1] = self._points[slot].low, self._points[slot].high
                    starts[told] = self._points[slot].start_ns
                    full = told + 1
                if self._points[slot].length == 1:
                    values[many] = self._points[slot].value
                else:
                    for k in range(self._points[slot].length):
                        values[many + k] = self._slab[self._points[slot].first + k]
                many += self._points[slot].length
                told += 1
        return pack(
            slots=slots_, identities=names_[:full].astype("<u8", copy=False).tobytes(), starts=starts_[:full],
            lengths=lengths_, at=at_, values=values_,
        )

    cdef object _packed(self, slots, Py_ssize_t full, bint replaces):
        points = np.asarray(self._points)[slots]
        return _pack(slots, points, full, self._all_values(points, self._slab), replaces)

    cdef object _all_values(self, points, double[::1] slab):
        # The values of these points, one after the other.
        cdef const Point[::1] each = points
        cdef Py_ssize_t n = each.shape[0], i, k, at = 0
        lengths = points["length"]
        if n == 0 or (lengths == 1).all():
            return points["value"]
        values_ = np.zeros(int(lengths.sum()))
        cdef double[::1] values = values_
        for i in range(n):
            if each[i].length == 1:
                values[at] = each[i].value
            else:
                for k in range(each[i].length):
                    values[at + k] = slab[each[i].first + k]
            at += each[i].length
        return values_

    cdef object _values(self, Py_ssize_t slot):
        # The values of one series, copied.
        cdef Py_ssize_t first = self._points[slot].first
        if self._points[slot].length == 1:
            return np.array([self._points[slot].value])
        return np.array(self._slab[first : first + self._points[slot].length])

    # --- all series

    def snapshot(self):
        cdef Py_ssize_t n
        points = np.asarray(self._points)[: self._top]
        slots = np.flatnonzero(points["there"])
        if not self._open or not self._before_n:
            slots = slots[np.argsort(points["heard"][slots])]
            return self._packed(slots, len(slots), True)
        # those that the open change touched are told as they were before it
        touched = np.asarray(self._touched)[: self._before_n].astype(np.int64)
        before = np.asarray(self._before)[: self._before_n].copy()
        there = before["there"] > 0
        slots = np.setdiff1d(slots, touched)
        before["first"] += self._slab_n  # behind the slab
        both = np.concatenate([np.asarray(self._slab)[: self._slab_n], np.asarray(self._kept)[: self._kept_n]])
        slots, points = np.concatenate([slots, touched[there]]), np.concatenate([points[slots], before[there]])
        order = np.argsort(points["heard"])
        slots, points = slots[order], points[order]
        return _pack(slots, points, len(slots), self._all_values(points, both), True)

    def load(self, packed):
        if self._open:
            raise RuntimeError("counters are loaded before the first body is read")
        cdef Py_ssize_t slot
        for part in parts(packed):
            if part.replaces:
                self._clear()
            self._load(part)
        self._free_n = 0
        free = np.flatnonzero(np.asarray(self._points)[: self._top]["there"] == 0)[::-1].astype(np.int32)
        self._free = free if len(free) else np.zeros(FIRST_SLOTS, dtype=np.int32)
        self._free_n = len(free)
        self._bound()

    cdef int _load(self, part) except -1:
        cdef const int64_t[::1] slots = part.slots, starts = part.starts, lengths = part.lengths, at = part.at
        cdef const uint64_t[:, ::1] names = np.ascontiguousarray(part.identities).view(np.uint64)
        cdef const double[::1] values = part.values
        cdef Py_ssize_t full = names.shape[0], i, k, slot, other, first = 0
        for i in range(slots.shape[0]):
            slot = slots[i]
            if i < full:
                other = self._find(names[i, 0], names[i, 1])
                if other >= 0:
                    self._drop(other)
                if slot >= self._points.shape[0]:
                    self._points = _larger(self._points, slot + slot // 4 + 1)
                self._top = max(self._top, slot + 1)
                if self._points[slot].there:
                    self._drop(slot)
                self._points[slot].low, self._points[slot].high = names[i, 0], names[i, 1]
                self._points[slot].start_ns, self._points[slot].there = starts[i], 1
                self._take(slot, lengths[i])
                self._enter(slot)
            elif slot >= self._top or not self._points[slot].there or self._points[slot].length != lengths[i]:
                first += lengths[i]
                continue
            self._heard += 1
            self._points[slot].heard, self._points[slot].at_ns = self._heard, at[i]
            if lengths[i] == 1:
                self._points[slot].value = values[first]
            else:
                for k in range(lengths[i]):
                    self._slab[self._points[slot].first + k] = values[first + k]
            first += lengths[i]
        return 0

    def forget(self, int64_t before_ns):
        cdef Py_ssize_t slot
        for slot in range(self._top):
            if not self._points[slot].there or self._points[slot].at_ns >= before_ns:
                continue
            if self._open and self._points[slot].heard > self._heard_before:
                continue
            self._drop(slot)
            self.dropped += 1

    cdef int _bound(self) except -1:
        cdef Py_ssize_t slot
        if self.size <= self._limit:
            return 0
        points = np.asarray(self._points)[: self._top]
        slots = np.flatnonzero(points["there"])
        for slot in slots[np.argsort(points["heard"][slots])].tolist():
            self._drop(slot)
            self.dropped += 1
            if self.size <= self._limit - self._limit // SPARE:
                break
        return 0


cdef uint64_t _half(bytes identity, Py_ssize_t begin) except *:
    # Eight bytes of an identity, as a number.
    cdef const unsigned char* raw = identity
    cdef Reader r
    if len(identity) != 16:
        raise ValueError(f"an identity has 16 bytes, not {len(identity)}")
    r = reader_of(raw + begin, 8)
    return fixed64(&r)


cdef inline uint64_t _mixed(uint64_t x) noexcept nogil:
    # splitmix64, as in the reference
    x += <uint64_t>0x9E3779B97F4A7C15
    x = (x ^ x >> 30) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ x >> 27) * <uint64_t>0x94D049BB133111EB
    return x ^ x >> 31


cdef inline int _size(Py_ssize_t length) noexcept nogil:
    # The power of two that holds so many.
    cdef int size = 0
    while (1 << size) < length:
        size += 1
    return size


def _pack(slots, points, full, values, replaces):
    names = np.stack([points["low"][:full], points["high"][:full]], axis=1) if full else np.zeros(0, dtype=np.uint64)
    return pack(
        slots=slots, identities=names.astype("<u8").tobytes(), starts=points["start_ns"][:full],
        lengths=points["length"], at=points["at_ns"], values=values, replaces=replaces,
    )


def _larger(part, n):
    old = np.asarray(part)
    fresh = np.zeros(n, dtype=old.dtype)
    fresh[: len(old)] = old
    return fresh
