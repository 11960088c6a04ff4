# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Would protobuf's own parser take these bytes as this message?

A walk reads the fields that it wants by itself and gives every other one to `Schema.field`, which looks into it as the
reference does: text must be UTF-8, packed numbers must come out even, messages must be well-formed down to the deepest
level allowed. The table of fields is made from the descriptors of the installed protocol, so it knows what that knows.
"""

import numpy as np

from watchkeeper.measure.native.reader cimport (
    BYTES, DEEPEST, Reader, enter, fail, leave, length, more, reader_of, skip, tag, text, varint,
)

cdef enum:
    UNKNOWN = 0        # or of a type that `skip` checks completely
    TEXT = 1
    PACKED_VARINT = 2
    PACKED_64 = 3
    PACKED_32 = 4
    MESSAGE = 16       # and beyond: a message with this number + MESSAGE
    FIELDS = 64        # a field number is below

# FieldDescriptorProto.Type
_FIXED_64, _FIXED_32, _TEXT, _GROUP, _MESSAGE, _BYTES = {1, 6, 16}, {2, 7, 15}, 9, 10, 11, 12


cdef class Schema:
    """
    The messages of one protobuf descriptor, and all that they hold.
    """

    def __init__(self, descriptor):
        found = [descriptor]
        for one in found:
            found += {f.message_type for f in one.fields if f.message_type is not None}.difference(found)
        self.numbers = {one.full_name: i for i, one in enumerate(found)}
        what = np.zeros((len(found), FIELDS), dtype=np.int16)
        for i, one in enumerate(found):
            for f in one.fields:
                if f.number >= FIELDS or f.type == _GROUP:
                    raise ValueError(f"{one.full_name}.{f.name} has a number or a type that no OTLP message had so far")
                what[i, f.number] = self._kind(f)
        self._what = what

    def _kind(self, f):
        if f.type == _MESSAGE:
            return MESSAGE + self.numbers[f.message_type.full_name]
        if f.type == _TEXT:
            return TEXT
        if not f.is_repeated or f.type == _BYTES:
            return UNKNOWN
        return PACKED_64 if f.type in _FIXED_64 else PACKED_32 if f.type in _FIXED_32 else PACKED_VARINT

    cdef int field(self, Reader* r, uint32_t key, int type_, int depth) except -1:
        cdef uint32_t number = key >> 3
        cdef int what = UNKNOWN
        cdef const unsigned char* outer
        cdef Py_ssize_t n
        if key & 7 == BYTES and number < FIELDS:
            what = self._what[type_, number]
        if what == UNKNOWN:
            skip(r, key, depth)
        elif what == TEXT:
            text(r)
        elif what >= MESSAGE:
            if depth < 1:
                fail(r)
                return 0
            outer = enter(r)
            self.message(r, what - MESSAGE, depth - 1)
            leave(r, outer)
        elif what == PACKED_VARINT:
            outer = enter(r)
            while more(r):
                varint(r)
            leave(r, outer)
        else:
            n = length(r)
            if n % (8 if what == PACKED_64 else 4):
                fail(r)
            else:
                r.at += n
        return 0

    cdef int message(self, Reader* r, int type_, int depth) except -1:
        cdef uint32_t key
        while more(r):
            key = tag(r)
            if r.fault:
                return 0
            self.field(r, key, type_, depth)
        return 0

    def accepts(self, const unsigned char[::1] body, name=None):
        """
        Whether the bytes are the message of this name, or the outermost one.
        """
        cdef Reader r = reader_of(&body[0] if body.shape[0] else NULL, body.shape[0])
        self.message(&r, self.numbers[name] if name else 0, DEEPEST)
        return not r.fault
