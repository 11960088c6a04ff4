# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
What do observations add up to, by signature and slot?

The compiled form of `groups.py` and of the table of signatures in `lanes.py`, with the same outcome. Every access goes
through memoryviews that are checked. The hash of a signature is keyed with random numbers, so that nobody outside can
choose values that collide.

Observations of one part of a signature and one slot are a *group*. First each observation is added to the numbers of
its groups; then each group, slot by slot, is spread over the rows that its part adds to, on a sheet with one field for
every row.
"""

import os

import numpy as np

from libc.math cimport INFINITY, isfinite, isnan, rint
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint64_t

cdef enum:
    OWN = 5  # numbers of a group before those of its thresholds: count, valued, low sum, high sum, bucketed
    KEEP = 3  # examples of a group
    _FEW_SLOTS = 64

cdef int64_t NS = 1000000000
cdef int64_t FARTHEST = 4611686018427387904  # 2^62
cdef double MOST = 4611686018427387904.0


def values_of_ns(const int64_t[::1] ns, int64_t scale, int64_t[::1] value, uint8_t[::1] state):
    """
    Nanoseconds in steps of `scale` a second, rounded down.
    """
    cdef Py_ssize_t i
    cdef int64_t whole, rest
    for i in range(ns.shape[0]):
        whole = ns[i] / NS
        rest = ns[i] % NS
        if rest < 0:
            rest += NS
            whole -= 1
        value[i] = whole * scale + rest * scale / NS
        state[i] = 1


def values_of_floats(const double[::1] raw, double steps, int64_t[::1] value, uint8_t[::1] state):
    """
    Numbers in steps, half to even, held at +-2^62; what is no finite number has no value.
    """
    cdef Py_ssize_t i
    for i in range(raw.shape[0]):
        if isfinite(raw[i]):
            value[i] = _fixed(raw[i] * steps)
            state[i] = 1
        else:
            value[i] = 0
            state[i] = 0


def limits_of(
    const double[::1] low, const double[::1] high, double scale,
    int64_t[::1] value, uint8_t[::1] state, int64_t[::1] low_out, int64_t[::1] high_out,
):
    """
    The limits of buckets in steps; a row with both lies between them and has no value of its own. `value` is then the
    number to show for it. Whether there is any such row.
    """
    cdef Py_ssize_t i
    cdef bint some = False
    for i in range(low.shape[0]):
        if isnan(low[i]) or isnan(high[i]):
            low_out[i] = 0
            high_out[i] = 0
            continue
        some = True
        low_out[i] = _limit(low[i], scale)
        high_out[i] = _limit(high[i], scale)
        value[i] = high_out[i] if high_out[i] < FARTHEST else low_out[i]
        state[i] = 2
    return bool(some)


cdef int64_t _fixed(double scaled) noexcept:
    scaled = rint(scaled)
    if scaled >= MOST:
        return FARTHEST
    if scaled <= -MOST:
        return -FARTHEST
    return <int64_t>scaled


cdef int64_t _limit(double limit, double scale) noexcept:
    if limit == INFINITY:
        return FARTHEST
    if limit == -INFINITY:
        return -FARTHEST
    return _fixed(limit * scale)


cdef int64_t _slot(int64_t at_ns, int64_t slot_ns) noexcept:
    cdef int64_t slot = at_ns / slot_ns
    if at_ns % slot_ns < 0:
        slot -= 1
    return slot


cdef uint64_t _mixed(uint64_t h, uint64_t more, uint64_t by) noexcept:
    h = (h ^ more) * by
    return h ^ (h >> 29)


def _larger(room, Py_ssize_t n):
    """
    The same with room for n, what is new being 0.
    """
    grown = np.zeros((max(n, 2 * room.shape[0]), *room.shape[1:]), dtype=room.dtype)
    grown[: room.shape[0]] = room
    return grown


cdef class Signatures:
    """
    Combinations of classes of attribute values, numbered as they come.
    """

    cdef readonly Py_ssize_t n
    cdef Py_ssize_t width
    cdef uint64_t seed, by
    cdef int32_t[:, ::1] keys
    cdef uint64_t[::1] hashes
    cdef int32_t[::1] slots

    def __init__(self, Py_ssize_t width):
        self.width = width
        self.clear()

    def clear(self):
        """
        Forget all of them, and the secret.
        """
        self.n = 0
        self.seed = int.from_bytes(os.urandom(8), "little")
        self.by = int.from_bytes(os.urandom(8), "little") | 1
        self.keys = np.zeros((64, max(self.width, 1)), dtype=np.int32)
        self.hashes = np.zeros(64, dtype=np.uint64)
        self.slots = np.zeros(256, dtype=np.int32)

    def number(
        self, const int32_t[:, ::1] table, const int64_t[::1] at_ns, int64_t oldest, int64_t newest,
        int32_t[::1] which,
    ):
        """
        Into `which` the number of each row's signature, -1 where its time lies outside of oldest..newest; returned are
        the rows that showed a signature for the first time, in order.
        """
        cdef Py_ssize_t i, j, slot, mask = self.slots.shape[0] - 1
        cdef Py_ssize_t width = self.width
        cdef int32_t found
        cdef uint64_t h
        cdef bint same
        new = []
        if table.shape[0] != self.width:
            raise ValueError(f"found a table of {table.shape[0]} attributes; wanted {self.width}")
        for i in range(at_ns.shape[0]):
            if at_ns[i] < oldest or at_ns[i] > newest:
                which[i] = -1
                continue
            h = self.seed
            for j in range(width):
                h = _mixed(h, <uint64_t>table[j, i], self.by)
            slot = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
            while True:
                found = self.slots[slot] - 1
                if found < 0:
                    break
                if self.hashes[found] == h:
                    same = True
                    for j in range(width):
                        if self.keys[found, j] != table[j, i]:
                            same = False
                            break
                    if same:
                        break
                slot = (slot + 1) & mask
            if found < 0:
                found = self._add(table, i, h)
                mask = self.slots.shape[0] - 1
                new.append(i)
            which[i] = found
        return new

    cdef int32_t _add(self, const int32_t[:, ::1] table, Py_ssize_t row, uint64_t h) except -1:
        cdef Py_ssize_t j, i
        if self.n + 1 > self.hashes.shape[0]:
            self.keys = _larger(np.asarray(self.keys), self.n + 1)
            self.hashes = _larger(np.asarray(self.hashes), self.n + 1)
            self.slots = np.zeros(4 * self.hashes.shape[0], dtype=np.int32)
            for i in range(self.n):
                self._put(self.hashes[i], <int32_t>i)
        for j in range(self.width):
            self.keys[self.n, j] = table[j, row]
        self.hashes[self.n] = h
        self._put(h, <int32_t>self.n)
        self.n += 1
        return <int32_t>(self.n - 1)

    cdef int _put(self, uint64_t h, int32_t number) except -1:
        cdef Py_ssize_t mask = self.slots.shape[0] - 1
        cdef Py_ssize_t slot = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
        while self.slots[slot]:
            slot = (slot + 1) & mask
        self.slots[slot] = number + 1
        return 0


def spoken(
    const int32_t[::1] names, const int64_t[::1] at_ns, int64_t oldest, int64_t newest, int64_t slot_ns,
    Py_ssize_t most,
):
    """
    In which slots each name spoke, by rows from oldest to newest: (names, slots), each pair once; and which of 0..most
    spoke at all up to newest.
    """
    cdef Py_ssize_t i, j, n = 0, room = 64, last = 0
    cdef int64_t slot
    cdef int32_t name
    cdef bint known
    spoke, found_names, found_slots = np.zeros(most + 1, dtype=np.uint8), np.empty(room, np.int32), np.empty(room, np.int64)
    chain = np.full(most + 1, -1, dtype=np.int32)
    earlier = np.empty(room, dtype=np.int32)
    cdef uint8_t[::1] spoke_out = spoke
    cdef int32_t[::1] name_out = found_names, chain_of = chain, earlier_of = earlier
    cdef int64_t[::1] slot_out = found_slots
    for i in range(at_ns.shape[0]):
        if at_ns[i] > newest:
            continue
        name = names[i]
        spoke_out[name] = 1
        if at_ns[i] < oldest:
            continue
        slot = _slot(at_ns[i], slot_ns)
        if n and name_out[last] == name and slot_out[last] == slot:
            continue
        known = False
        j = chain_of[name]
        while j >= 0:
            if slot_out[j] == slot:
                known = True
                last = j
                break
            j = earlier_of[j]
        if known:
            continue
        if n >= room:
            room *= 2
            found_names, found_slots = _larger(found_names, room), _larger(found_slots, room)
            earlier = _larger(earlier, room)
            name_out, slot_out, earlier_of = found_names, found_slots, earlier
        name_out[n] = name
        slot_out[n] = slot
        earlier_of[n] = chain_of[name]
        chain_of[name] = <int32_t>n
        last = n
        n += 1
    return found_names[:n], found_slots[:n], spoke


cdef class Sheet:
    """
    The memory in which batches are added up, one batch after another.
    """

    cdef uint64_t seed, by
    cdef int32_t epoch
    cdef const int64_t[::1] limits  # where the buckets of a histogram begin
    # groups
    cdef int32_t[::1] group_at, group_epoch  # by hash
    cdef int32_t[::1] group_part
    cdef int64_t[::1] group_slot, group_numbers
    cdef Py_ssize_t groups, used
    cdef uint64_t[::1] numbers
    # examples of groups, and behind them those of rows (a block each)
    cdef int8_t[::1] worst_n
    cdef int64_t[:, ::1] worst_key  # (value, at) of three
    cdef uint64_t[:, ::1] worst_trace
    # histograms
    cdef int32_t[::1] bucket_at, bucket_epoch  # by hash
    cdef int64_t[:, ::1] bucket  # (place, slot, bucket, amount)
    cdef Py_ssize_t buckets
    # fields of rows
    cdef uint64_t[::1] field
    cdef uint8_t[::1] marked
    cdef int32_t[::1] touched
    cdef int32_t[::1] block_of  # by place: its block of examples, from 1
    cdef int64_t[::1] block_place, block_slot
    # observations that are looked at: (row, group)
    cdef int64_t[:, ::1] look
    cdef Py_ssize_t looks
    # what is known of the parts
    cdef const int32_t[::1] parts_at, reading, entries_at, place, kind, bounds_at, histograms_at, histogram
    cdef const int32_t[::1] worst_at, worst
    cdef const int64_t[::1] end, limit
    cdef const uint8_t[::1] looked

    def __init__(self, const int64_t[::1] limits):
        self.limits = limits
        self.seed = int.from_bytes(os.urandom(8), "little")
        self.by = int.from_bytes(os.urandom(8), "little") | 1
        self.epoch = 0
        self.group_at = np.zeros(1024, dtype=np.int32)
        self.group_epoch = np.zeros(1024, dtype=np.int32)
        self.group_part = np.zeros(256, dtype=np.int32)
        self.group_slot = np.zeros(256, dtype=np.int64)
        self.group_numbers = np.zeros(256, dtype=np.int64)
        self.worst_n = np.zeros(256, dtype=np.int8)
        self.worst_key = np.zeros((256, 2 * KEEP), dtype=np.int64)
        self.worst_trace = np.zeros((256, 2 * KEEP), dtype=np.uint64)
        self.numbers = np.zeros(4096, dtype=np.uint64)
        self.bucket_at = np.zeros(1024, dtype=np.int32)
        self.bucket_epoch = np.zeros(1024, dtype=np.int32)
        self.bucket = np.zeros((256, 4), dtype=np.int64)
        self.look = np.zeros((64, 2), dtype=np.int64)
        self.field = np.zeros(1024, dtype=np.uint64)
        self.marked = np.zeros(1024, dtype=np.uint8)
        self.touched = np.zeros(1024, dtype=np.int32)
        self.block_of = np.zeros(1024, dtype=np.int32)
        self.block_place = np.zeros(256, dtype=np.int64)
        self.block_slot = np.zeros(256, dtype=np.int64)

    def take(
        self, parts_at, reading, entries_at, place, kind, bounds_at, end, limit, histograms_at, histogram,
        worst_at, worst, looked,
    ):
        """
        What the parts of signatures count for, as the ledger has it.
        """
        self.parts_at, self.reading = parts_at, reading
        self.entries_at, self.place, self.kind = entries_at, place, kind
        self.bounds_at, self.end, self.limit = bounds_at, end, limit
        self.histograms_at, self.histogram = histograms_at, histogram
        self.worst_at, self.worst, self.looked = worst_at, worst, looked

    def readings(self, const int32_t[::1] which, uint8_t[::1] used):
        """
        Mark the readings that these signatures are read by.
        """
        cdef Py_ssize_t i
        cdef int32_t part
        for i in range(which.shape[0]):
            if which[i] >= 0:
                for part in range(self.parts_at[which[i]], self.parts_at[which[i] + 1]):
                    used[self.reading[part]] = 1

    def count(
        self, const int32_t[::1] which, const int64_t[::1] at_ns, const int64_t[::1] weight,
        const int32_t[::1] line, const int64_t[:, ::1] value, const uint8_t[:, ::1] state,
        const int64_t[:, ::1] low, const int64_t[:, ::1] high, const uint64_t[:, :] traces,
        int64_t slot_ns, Py_ssize_t places,
    ):
        """
        Add up a batch. `line` says in which line of `value`, `state`, `low` and `high` a reading lies.

        Returns (places, slots, amounts), the histograms' (places, slots, buckets, amounts), the examples' (places,
        slots, at_ns, values, traces), and of the parts that are looked at (rows, groups, parts, slots).
        """
        cdef Py_ssize_t i, g, h, n = which.shape[0]
        cdef int32_t part, r
        cdef int64_t slot, v, b
        cdef uint64_t w
        cdef uint8_t s
        cdef bint traced = traces is not None
        self._begin(places)
        for i in range(n):
            if which[i] < 0:
                continue
            slot = _slot(at_ns[i], slot_ns)
            w = <uint64_t>weight[i]
            for part in range(self.parts_at[which[i]], self.parts_at[which[i] + 1]):
                g = self._group(part, slot)
                r = line[self.reading[part]]
                v = value[r, i]
                s = state[r, i]
                self._add(g, part, v, s, w, low[r, i] if s == 2 else 0, high[r, i] if s == 2 else 0)
                if w == 0:
                    continue
                if self.looked[part]:
                    self._look(i, g)
                if s and self.histograms_at[part] < self.histograms_at[part + 1]:
                    b = self._bucket_of(v)
                    for h in range(self.histograms_at[part], self.histograms_at[part + 1]):
                        self._add_bucket(self.histogram[h], slot, b, weight[i])
                if traced and self.worst_at[part] < self.worst_at[part + 1] and (traces[i, 0] or traces[i, 1]):
                    self._keep(g, v if s else 0, at_ns[i], traces[i, 0], traces[i, 1])
        return (*self._spread(), *self._taken_buckets(), *self._taken_looks())

    # --- groups

    cdef int _begin(self, Py_ssize_t places) except -1:
        self.groups = self.used = self.buckets = self.looks = 0
        if self.epoch == 2147483647:
            self.group_epoch = np.zeros(self.group_epoch.shape[0], dtype=np.int32)
            self.bucket_epoch = np.zeros(self.bucket_epoch.shape[0], dtype=np.int32)
            self.epoch = 0
        self.epoch += 1
        if places > self.field.shape[0]:
            self.field = _larger(np.asarray(self.field), places)
            self.marked = _larger(np.asarray(self.marked), places)
            self.touched = _larger(np.asarray(self.touched), places)
            self.block_of = _larger(np.asarray(self.block_of), places)
        return 0

    cdef Py_ssize_t _group(self, int32_t part, int64_t slot) except -1:
        cdef uint64_t h = _mixed(_mixed(self.seed, <uint64_t>part, self.by), <uint64_t>slot, self.by)
        cdef Py_ssize_t mask = self.group_at.shape[0] - 1
        cdef Py_ssize_t at = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
        cdef Py_ssize_t g
        while self.group_epoch[at] == self.epoch:
            g = self.group_at[at]
            if self.group_part[g] == part and self.group_slot[g] == slot:
                return g
            at = (at + 1) & mask
        g = self._new_group(part, slot)
        if 2 * self.groups > self.group_at.shape[0]:
            self._widen_groups()
        else:
            self.group_epoch[at] = self.epoch
            self.group_at[at] = <int32_t>g
        return g

    cdef Py_ssize_t _new_group(self, int32_t part, int64_t slot) except -1:
        cdef Py_ssize_t i, g = self.groups
        cdef Py_ssize_t bounds = self.bounds_at[part + 1] - self.bounds_at[part]
        cdef Py_ssize_t wide = OWN + (3 * (bounds + 1) if bounds else 0)
        if g + 1 > self.group_part.shape[0]:
            self.group_part = _larger(np.asarray(self.group_part), g + 1)
            self.group_slot = _larger(np.asarray(self.group_slot), g + 1)
            self.group_numbers = _larger(np.asarray(self.group_numbers), g + 1)
            self.worst_n = _larger(np.asarray(self.worst_n), g + 1)
            self.worst_key = _larger(np.asarray(self.worst_key), g + 1)
            self.worst_trace = _larger(np.asarray(self.worst_trace), g + 1)
        if self.used + wide > self.numbers.shape[0]:
            self.numbers = _larger(np.asarray(self.numbers), self.used + wide)
        for i in range(self.used, self.used + wide):
            self.numbers[i] = 0
        self.group_part[g] = part
        self.group_slot[g] = slot
        self.group_numbers[g] = self.used
        self.worst_n[g] = 0
        self.used += wide
        self.groups = g + 1
        return g

    cdef int _widen_groups(self) except -1:
        cdef Py_ssize_t g, at, mask
        cdef uint64_t h
        self.group_at = np.zeros(4 * self.group_at.shape[0], dtype=np.int32)
        self.group_epoch = np.zeros(self.group_at.shape[0], dtype=np.int32)
        mask = self.group_at.shape[0] - 1
        for g in range(self.groups):
            h = _mixed(_mixed(self.seed, <uint64_t>self.group_part[g], self.by), <uint64_t>self.group_slot[g], self.by)
            at = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
            while self.group_epoch[at] == self.epoch:
                at = (at + 1) & mask
            self.group_epoch[at] = self.epoch
            self.group_at[at] = <int32_t>g
        return 0

    cdef int _add(
        self, Py_ssize_t g, int32_t part, int64_t v, uint8_t s, uint64_t w, int64_t low, int64_t high
    ) except -1:
        """One observation to the numbers of its group; thresholds as how many of them it lies at or beyond."""
        cdef Py_ssize_t at = self.group_numbers[g]
        cdef Py_ssize_t first = self.bounds_at[part], bounds = self.bounds_at[part + 1] - first
        self.numbers[at] += w
        if s == 1:
            self.numbers[at + 1] += w
            self.numbers[at + 2] += w * <uint64_t>(v & 0xFFFFFFFF)
            self.numbers[at + 3] += w * <uint64_t>(v >> 32)
            if bounds:
                self.numbers[at + OWN + _upto(self.limit, first, bounds, v)] += w
        elif s == 2:
            self.numbers[at + 4] += w
            if bounds:  # inside of those that end at or after its own end; beyond those that end where it begins
                self.numbers[at + OWN + (bounds + 1) + _upto(self.end, first, bounds, high - 1)] += w
                self.numbers[at + OWN + 2 * (bounds + 1) + _upto(self.end, first, bounds, min(low, high - 1))] += w
        return 0

    # --- histograms

    cdef int64_t _bucket_of(self, int64_t v) except -2:
        cdef Py_ssize_t low = 0, high = self.limits.shape[0], middle
        while low < high:
            middle = (low + high) // 2
            if self.limits[middle] <= v:
                low = middle + 1
            else:
                high = middle
        return low - 1

    cdef int _add_bucket(self, int64_t place, int64_t slot, int64_t bucket, int64_t amount) except -1:
        cdef uint64_t h = self._bucket_hash(place, slot, bucket)
        cdef Py_ssize_t mask = self.bucket_at.shape[0] - 1
        cdef Py_ssize_t at = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
        cdef Py_ssize_t i
        while self.bucket_epoch[at] == self.epoch:
            i = self.bucket_at[at]
            if self.bucket[i, 0] == place and self.bucket[i, 1] == slot and self.bucket[i, 2] == bucket:
                self.bucket[i, 3] += amount
                return 0
            at = (at + 1) & mask
        i = self.buckets
        if i + 1 > self.bucket.shape[0]:
            self.bucket = _larger(np.asarray(self.bucket), i + 1)
        self.bucket[i, 0] = place
        self.bucket[i, 1] = slot
        self.bucket[i, 2] = bucket
        self.bucket[i, 3] = amount
        self.buckets = i + 1
        if 2 * self.buckets > self.bucket_at.shape[0]:
            self._widen_buckets()
        else:
            self.bucket_epoch[at] = self.epoch
            self.bucket_at[at] = <int32_t>i
        return 0

    cdef uint64_t _bucket_hash(self, int64_t place, int64_t slot, int64_t bucket) noexcept:
        cdef uint64_t h = _mixed(self.seed, <uint64_t>place, self.by)
        return _mixed(h, <uint64_t>(slot * 1024 + bucket), self.by)

    cdef int _widen_buckets(self) except -1:
        cdef Py_ssize_t i, at, mask
        cdef uint64_t h
        self.bucket_at = np.zeros(4 * self.bucket_at.shape[0], dtype=np.int32)
        self.bucket_epoch = np.zeros(self.bucket_at.shape[0], dtype=np.int32)
        mask = self.bucket_at.shape[0] - 1
        for i in range(self.buckets):
            h = self._bucket_hash(self.bucket[i, 0], self.bucket[i, 1], self.bucket[i, 2])
            at = <Py_ssize_t>((h >> 7) & <uint64_t>mask)
            while self.bucket_epoch[at] == self.epoch:
                at = (at + 1) & mask
            self.bucket_epoch[at] = self.epoch
            self.bucket_at[at] = <int32_t>i
        return 0

    # --- what came of it

    cdef tuple _taken_buckets(self):
        cdef Py_ssize_t i
        columns = np.empty((4, self.buckets), dtype=np.int64)
        cdef int64_t[:, ::1] out = columns
        for i in range(self.buckets):
            out[0, i] = self.bucket[i, 0]
            out[1, i] = self.bucket[i, 1]
            out[2, i] = self.bucket[i, 2]
            out[3, i] = self.bucket[i, 3]
        return tuple(columns)

    cdef int _look(self, Py_ssize_t row, Py_ssize_t group) except -1:
        if self.looks + 1 > self.look.shape[0]:
            self.look = _larger(np.asarray(self.look), self.looks + 1)
        self.look[self.looks, 0] = row
        self.look[self.looks, 1] = group
        self.looks += 1
        return 0

    cdef tuple _taken_looks(self):
        if not self.looks:
            return None, None, None, None
        rows, groups = np.asarray(self.look)[: self.looks].T.copy()
        return rows, groups, np.asarray(self.group_part)[groups], np.asarray(self.group_slot)[groups]

    cdef tuple _spread(self):
        """Every group over the rows of its part, slot by slot."""
        cdef Py_ssize_t i, g, e, first, n_touched = 0, n = 0, room = 0, blocks = 0, examples = 0, worst_room = 0
        cdef Py_ssize_t at, bounds, block, k
        cdef int32_t part, place, kind
        cdef uint64_t amount
        cdef int64_t slot = 0
        # Of its own, so that the loop below need not look them up again after every number that it writes.
        cdef const int32_t[::1] entries_at = self.entries_at, places = self.place, kinds = self.kind
        cdef uint64_t[::1] numbers = self.numbers, field = self.field
        cdef uint8_t[::1] marked = self.marked
        cdef int32_t[::1] touched = self.touched
        cdef int64_t[::1] order = self._by_slot()
        cdef uint64_t[::1] held = np.zeros(64, dtype=np.uint64)
        for g in range(self.groups):
            part = self.group_part[g]
            room += self.entries_at[part + 1] - self.entries_at[part]
            if self.worst_n[g]:
                worst_room += self.worst_at[part + 1] - self.worst_at[part]
        rows, slots, amounts = (np.empty(room, dtype=np.int64) for _ in range(3))
        cdef int64_t[::1] row_out = rows, slot_out = slots, amount_out = amounts
        if self.groups + worst_room > self.worst_n.shape[0]:
            self.worst_n = _larger(np.asarray(self.worst_n), self.groups + worst_room)
            self.worst_key = _larger(np.asarray(self.worst_key), self.groups + worst_room)
            self.worst_trace = _larger(np.asarray(self.worst_trace), self.groups + worst_room)
        if worst_room > self.block_place.shape[0]:
            self.block_place = _larger(np.asarray(self.block_place), worst_room)
            self.block_slot = _larger(np.asarray(self.block_slot), worst_room)
        first = 0  # the first block of this slot
        for i in range(self.groups):
            g = order[i]
            part = self.group_part[g]
            if i == 0 or self.group_slot[g] != slot:
                n = self._empty(slot, n_touched, n, row_out, slot_out, amount_out)
                n_touched = 0
                for e in range(first, blocks):
                    self.block_of[self.block_place[e]] = 0
                first = blocks
                slot = self.group_slot[g]
            bounds = self.bounds_at[part + 1] - self.bounds_at[part]
            if bounds:
                if 2 * bounds > held.shape[0]:
                    held = np.zeros(4 * bounds, dtype=np.uint64)
                self._held(g, part, held)
            at = self.group_numbers[g]
            for e in range(entries_at[part], entries_at[part + 1]):
                kind = kinds[e]
                amount = numbers[at + kind] if kind < OWN else held[kind - OWN]
                if amount == 0:
                    continue
                place = places[e]
                if not marked[place]:
                    marked[place] = 1
                    touched[n_touched] = place
                    n_touched += 1
                field[place] += amount
            if self.worst_n[g]:
                for e in range(self.worst_at[part], self.worst_at[part + 1]):
                    place = self.worst[e]
                    block = self.block_of[place] - 1
                    if block < 0:
                        block = blocks
                        self.block_place[blocks] = place
                        self.block_slot[blocks] = slot
                        self.worst_n[self.groups + blocks] = 0
                        blocks += 1
                        self.block_of[place] = <int32_t>blocks
                    for k in range(self.worst_n[g]):
                        self._keep(
                            self.groups + block, self.worst_key[g, 2 * k], self.worst_key[g, 2 * k + 1],
                            self.worst_trace[g, 2 * k], self.worst_trace[g, 2 * k + 1],
                        )
        n = self._empty(slot, n_touched, n, row_out, slot_out, amount_out)
        for e in range(first, blocks):
            self.block_of[self.block_place[e]] = 0
        return (rows[:n], slots[:n], amounts[:n], *self._taken_worst(blocks))

    cdef object _by_slot(self):
        """The groups in the order of their slots: of which there are few, as a rule."""
        cdef Py_ssize_t g, k, n = 0, last = 0, at
        cdef int64_t slot
        whole = np.empty(self.groups, dtype=np.int64)
        cdef int64_t[::1] order = whole
        cdef int64_t[::1] known = np.empty(_FEW_SLOTS, dtype=np.int64)
        cdef int64_t[::1] begin = np.zeros(_FEW_SLOTS + 1, dtype=np.int64)
        cdef uint8_t[::1] which = np.empty(self.groups, dtype=np.uint8)
        for g in range(self.groups):
            slot = self.group_slot[g]
            if not (n and known[last] == slot):
                last = 0
                while last < n and known[last] != slot:
                    last += 1
                if last == n:
                    if n == _FEW_SLOTS:
                        for k in range(self.groups):
                            order[k] = self.group_slot[k]
                        return whole.argsort()
                    known[n] = slot
                    n += 1
            which[g] = <uint8_t>last
            begin[last + 1] += 1
        for k in range(n):
            begin[k + 1] += begin[k]
        for g in range(self.groups):
            at = begin[which[g]]
            order[at] = g
            begin[which[g]] = at + 1
        return whole

    cdef tuple _taken_worst(self, Py_ssize_t blocks):
        cdef Py_ssize_t b, k, at, n = 0
        for b in range(blocks):
            n += self.worst_n[self.groups + b]
        columns, traces = np.empty((4, n), dtype=np.int64), np.empty((n, 2), dtype=np.uint64)
        cdef int64_t[:, ::1] out = columns
        cdef uint64_t[:, ::1] trace_out = traces
        n = 0
        for b in range(blocks):
            at = self.groups + b
            for k in range(self.worst_n[at]):
                out[0, n] = self.block_place[b]
                out[1, n] = self.block_slot[b]
                out[2, n] = self.worst_key[at, 2 * k + 1]
                out[3, n] = self.worst_key[at, 2 * k]
                trace_out[n, 0] = self.worst_trace[at, 2 * k]
                trace_out[n, 1] = self.worst_trace[at, 2 * k + 1]
                n += 1
        return (*columns, traces)

    cdef int _keep(
        self, Py_ssize_t at, int64_t value, int64_t at_ns, uint64_t trace_high, uint64_t trace_low
    ) except -1:
        """Among the worst if it is one of them: the largest (value, time, trace), each once, the worst first."""
        cdef Py_ssize_t k, n = self.worst_n[at], place = n
        for k in range(n):
            if value != self.worst_key[at, 2 * k]:
                if value < self.worst_key[at, 2 * k]:
                    continue
            elif at_ns != self.worst_key[at, 2 * k + 1]:
                if at_ns < self.worst_key[at, 2 * k + 1]:
                    continue
            elif trace_high != self.worst_trace[at, 2 * k]:
                if trace_high < self.worst_trace[at, 2 * k]:
                    continue
            elif trace_low == self.worst_trace[at, 2 * k + 1]:
                return 0  # the same one
            elif trace_low < self.worst_trace[at, 2 * k + 1]:
                continue
            place = k
            break
        if place >= KEEP:
            return 0
        for k in range(n if n < KEEP else KEEP - 1, place, -1):
            self.worst_key[at, 2 * k] = self.worst_key[at, 2 * k - 2]
            self.worst_key[at, 2 * k + 1] = self.worst_key[at, 2 * k - 1]
            self.worst_trace[at, 2 * k] = self.worst_trace[at, 2 * k - 2]
            self.worst_trace[at, 2 * k + 1] = self.worst_trace[at, 2 * k - 1]
        self.worst_key[at, 2 * place] = value
        self.worst_key[at, 2 * place + 1] = at_ns
        self.worst_trace[at, 2 * place] = trace_high
        self.worst_trace[at, 2 * place + 1] = trace_low
        if n < KEEP:
            self.worst_n[at] = <int8_t>(n + 1)
        return 0

    cdef int _held(self, Py_ssize_t g, int32_t part, uint64_t[::1] held) except -1:
        """How many lie surely under each threshold, and how many surely not."""
        cdef Py_ssize_t b, bounds = self.bounds_at[part + 1] - self.bounds_at[part]
        cdef Py_ssize_t at = self.group_numbers[g] + OWN
        cdef uint64_t own = 0, inside = 0, beyond = 0, valued = self.numbers[at - OWN + 1]
        cdef uint64_t bucketed = self.numbers[at - OWN + 4]
        for b in range(bounds):
            own += self.numbers[at + b]
            inside += self.numbers[at + (bounds + 1) + b]
            beyond += self.numbers[at + 2 * (bounds + 1) + b]
            held[2 * b] = own + inside
            held[2 * b + 1] = (valued - own) + (bucketed - beyond)
        return 0

    cdef Py_ssize_t _empty(
        self, int64_t slot, Py_ssize_t n_touched, Py_ssize_t n,
        int64_t[::1] rows, int64_t[::1] slots, int64_t[::1] amounts,
    ) except -1:
        """Write down what the rows counted in a slot, and wipe the sheet."""
        cdef Py_ssize_t i
        cdef int32_t place
        cdef uint64_t[::1] field = self.field
        cdef uint8_t[::1] marked = self.marked
        cdef const int32_t[::1] touched = self.touched
        for i in range(n_touched):
            place = touched[i]
            marked[place] = 0
            if field[place]:
                rows[n] = place
                slots[n] = slot
                amounts[n] = <int64_t>field[place]
                n += 1
            field[place] = 0
        return n


cdef Py_ssize_t _upto(const int64_t[::1] sorted_, Py_ssize_t first, Py_ssize_t n, int64_t value) except -1:
    """How many of n sorted numbers are at most this value."""
    cdef Py_ssize_t low = 0, high = n, middle
    while low < high:
        middle = (low + high) // 2
        if sorted_[first + middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low

