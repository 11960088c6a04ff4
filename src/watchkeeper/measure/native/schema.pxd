# Which fields has a message, and is what they hold well-formed? See schema.pyx.

from libc.stdint cimport int16_t, uint32_t
from watchkeeper.measure.native.reader cimport Reader


cdef class Schema:
    cdef readonly dict numbers     # full name of a message -> its number here
    cdef int16_t[:, ::1] _what     # by number of a message and of a field: what is in it

    # Both read from `r` and set its fault. `depth`: how many levels may still be opened below the message of this type.
    cdef int field(self, Reader* r, uint32_t key, int type_, int depth) except -1    # behind its tag, whatever it is
    cdef int message(self, Reader* r, int type_, int depth) except -1                # all fields up to the end of r
