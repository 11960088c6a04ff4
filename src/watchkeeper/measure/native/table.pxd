# What does a table of texts look like? See table.pyx.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from watchkeeper.measure.native.reader cimport View


cdef class Table:
    cdef readonly Py_ssize_t n        # how many keys it holds: their numbers are 0 .. n-1, in the order of their coming
    cdef readonly Py_ssize_t limit    # it takes no more than so many
    cdef readonly Py_ssize_t used     # bytes of all keys
    cdef readonly int64_t refused     # keys that found it full
    cdef uint64_t _seed, _other
    cdef int32_t[::1] _slots          # number + 1, 0 where free; a power of two of them, at most half of them taken
    cdef uint64_t[::1] _hashes
    cdef int64_t[::1] _starts         # n + 1 of them: key i is arena[starts[i]:starts[i+1]]
    cdef uint8_t[::1] _kinds
    cdef uint8_t[::1] _arena

    cdef Py_ssize_t find(self, View key, int kind) except -2
    cdef Py_ssize_t intern(self, View key, int kind) except -2
    cdef View key(self, Py_ssize_t i) except *
    cdef int _place(self, uint64_t hash_) except -1
    cdef int _grow(self, Py_ssize_t room) except -1
