# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which number has this text?

A bounded hash table of byte keys, numbered as they come. Keys are copied into an arena of the table's own; a key has a
`kind` too, so that the text 1, the number 1 and the number 1.0 may be three. The hash is keyed with random numbers:
nobody outside can make keys that collide. What does not fit any more gets no number and is counted.
"""

import os

import numpy as np

from libc.string cimport memcmp, memcpy
from watchkeeper.measure.native.reader cimport View, hashed

_FIRST = 64  # slots of an empty table


cdef class Table:
    """
    At most `limit` keys. `find` and `intern` are for compiled code; the methods below serve tests and start-up.
    """

    def __init__(self, Py_ssize_t limit):
        if not 0 < limit < 2**30:
            raise ValueError(f"found limit {limit}; wanted 1 to 2^30 - 1 keys")
        self.limit = limit
        self.clear()

    def clear(self):
        """
        Forget every key, and the secret; memory is given back.
        """
        self._seed = int.from_bytes(os.urandom(8), "little")
        self._other = int.from_bytes(os.urandom(8), "little") | 1
        self._slots = np.zeros(_FIRST, dtype=np.int32)
        self._hashes = np.empty(_FIRST // 2, dtype=np.uint64)
        self._starts = np.zeros(_FIRST // 2 + 1, dtype=np.int64)
        self._kinds = np.empty(_FIRST // 2, dtype=np.uint8)
        self._arena = np.empty(_FIRST * 16, dtype=np.uint8)
        self.n = self.used = 0

    cdef Py_ssize_t find(self, View key, int kind) except -2:
        """The number of a key; -1 where it is not known."""
        cdef uint64_t h = hashed(key, self._seed ^ <uint64_t>kind, self._other)
        cdef Py_ssize_t mask = self._slots.shape[0] - 1
        cdef Py_ssize_t slot = <Py_ssize_t>(h & <uint64_t>mask)
        cdef Py_ssize_t i
        cdef int64_t start
        while True:
            i = self._slots[slot] - 1
            if i < 0:
                return -1
            if self._hashes[i] == h and self._kinds[i] == kind:
                start = self._starts[i]
                if self._starts[i + 1] - start == key.n:
                    if key.n == 0:
                        return i
                    # memcmp knows no bounds: both ends of the piece are looked at first
                    if start >= 0 and start + key.n <= self._arena.shape[0]:
                        if memcmp(&self._arena[start], key.at, key.n) == 0:
                            return i
            slot = (slot + 1) & mask

    cdef Py_ssize_t intern(self, View key, int kind) except -2:
        """The number of a key, new or old; -1 where it is new and the table is full. New: `n` has grown."""
        cdef Py_ssize_t i = self.find(key, kind)
        cdef uint64_t h
        if i >= 0:
            return i
        if self.n >= self.limit:
            self.refused += 1
            return -1
        self._grow(key.n)
        h = hashed(key, self._seed ^ <uint64_t>kind, self._other)
        i = self.n
        if key.n > 0:
            if self.used + key.n > self._arena.shape[0]:
                raise MemoryError("the arena is too small for its key")
            memcpy(&self._arena[self.used], key.at, key.n)
        self.used += key.n
        self._hashes[i] = h
        self._kinds[i] = <uint8_t>kind
        self._starts[i + 1] = self.used
        self.n = i + 1
        self._place(h)
        return i

    cdef View key(self, Py_ssize_t i) except *:
        """The bytes of a key; they stay where they are until the next `intern`."""
        cdef View found
        cdef int64_t start
        if not 0 <= i < self.n:
            raise IndexError(f"there is no key {i}")
        start = self._starts[i]
        found.n = <Py_ssize_t>(self._starts[i + 1] - start)
        found.at = NULL
        if found.n > 0:
            if start < 0 or start + found.n > self._arena.shape[0]:
                raise IndexError(f"key {i} lies outside of the arena")
            found.at = &self._arena[start]
        return found

    cdef int _place(self, uint64_t hash_) except -1:
        # The newest key, whose hash this is, into the first free slot.
        cdef Py_ssize_t mask = self._slots.shape[0] - 1
        cdef Py_ssize_t slot = <Py_ssize_t>(hash_ & <uint64_t>mask)
        while self._slots[slot]:
            slot = (slot + 1) & mask
        self._slots[slot] = <int32_t>self.n
        return 0

    cdef int _grow(self, Py_ssize_t room) except -1:
        # Room for one more key of so many bytes: each part doubles when it is full.
        cdef Py_ssize_t i, n = self.n
        cdef Py_ssize_t mask, slot
        cdef uint64_t h
        if self.used + room > self._arena.shape[0]:
            self._arena = _larger(self._arena, max(2 * self._arena.shape[0], self.used + room))
        if n + 1 > self._hashes.shape[0]:
            self._hashes = _larger(self._hashes, 2 * n)
            self._kinds = _larger(self._kinds, 2 * n)
            self._starts = _larger(self._starts, 2 * n + 1)
            self._slots = np.zeros(4 * n, dtype=np.int32)
            mask = self._slots.shape[0] - 1
            for i in range(n):
                h = self._hashes[i]
                slot = <Py_ssize_t>(h & <uint64_t>mask)
                while self._slots[slot]:
                    slot = (slot + 1) & mask
                self._slots[slot] = <int32_t>(i + 1)
        return 0

    @property
    def nbytes(self):
        """
        How much memory it holds.
        """
        wide = self._hashes.shape[0] + self._starts.shape[0]
        return 8 * wide + 4 * self._slots.shape[0] + self._kinds.shape[0] + self._arena.shape[0]

    def number(self, bytes key not None, int kind=0):
        """
        The number of a key that is new or old; -1 where the table is full.
        """
        cdef View v
        v.at = key
        v.n = len(key)
        return self.intern(v, kind)

    def known(self, bytes key not None, int kind=0):
        """
        The number of a key; -1 where it is not known.
        """
        cdef View v
        v.at = key
        v.n = len(key)
        return self.find(v, kind)

    def bytes_of(self, Py_ssize_t i):
        """
        The key with this number.
        """
        cdef View v = self.key(i)
        return b"" if v.n == 0 else v.at[:v.n]


cdef object _larger(part, Py_ssize_t n):
    old = np.asarray(part)
    fresh = np.zeros(n, dtype=old.dtype)
    fresh[: len(old)] = old
    return fresh
