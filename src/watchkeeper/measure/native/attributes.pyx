# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
How do attributes on the wire become codes of columns, without a Python object for each?

The compiled twin of `decode/columns_builder.py`, with its rules: only what the manual names, under any of its names on
the wire; the best name that an item carries counts, of two alike the first; what an item does not carry it inherits from
its scope, and that from its resource; lists, maps and bytes are absent; 1, 1.0 and true are three values, NaN is one.

What a code means outlives a body: each column has a Lexicon, to which only values never seen before are added. When a
column knows MOST_VALUES (or their text is more than MOST_BYTES), the next body starts a new Lexicon for it.
"""

import numpy as np

from watchkeeper.measure.decode.columns_builder import LONGEST_TEXT, MOST_BYTES, MOST_VALUES, hits_of
from watchkeeper.measure.values import Lexicon

from libc.stdint cimport int32_t, int64_t, uint32_t
from watchkeeper.measure.native.reader cimport (
    Reader, View, cut, double_of, enter, fail, fixed64, is_utf8, leave, more, reading, same, tag, text, varint, view,
)
from watchkeeper.measure.native.schema cimport Schema
from watchkeeper.measure.native.table cimport Table

cdef enum:
    FAR = 99               # worse than any rank
    PLACES = 64            # of an item, whose attributes are compared with those of the one before
    NEVER_FULL = (1 << 30) - 1  # a body of 64 MiB cannot hold so many values

cdef Py_ssize_t LONGEST = LONGEST_TEXT
cdef Py_ssize_t MOST = MOST_VALUES
cdef Py_ssize_t MOST_TEXT = MOST_BYTES


cdef class Attributes:
    """
    The columns with these names. `own` are those that an item says in a field of its own: no attribute fills them.
    """

    def __init__(self, names, Schema schema not None, own=()):
        self.names = tuple(sorted(names))
        self.width = len(self.names)
        self.schema = schema
        self._pair = schema.numbers["opentelemetry.proto.common.v1.KeyValue"]
        self._any = schema.numbers["opentelemetry.proto.common.v1.AnyValue"]
        self._keys = Table(NEVER_FULL)
        hits, columns, ranks = [0], [], []
        for wire, places in hits_of(self.names, own=own).items():
            self._keys.number(wire.encode())
            columns += [column for column, _ in places]
            ranks += [rank for _, rank in places]
            hits.append(len(columns))
        self._hits = np.array(hits, dtype=np.int32)
        self._columns = np.array([*columns, 0], dtype=np.int32)
        self._ranks = np.array([*ranks, 0], dtype=np.int32)
        self._tables = [Table(NEVER_FULL) for _ in self.names]
        self.values = [Lexicon() for _ in self.names]
        self.codes = np.full((4, max(self.width, 1)), -1, dtype=np.int32)
        self._best = np.full(max(self.width, 1), FAR, dtype=np.int32)
        self._pair_at, self._pair_n = np.zeros(PLACES, dtype=np.int64), np.full(PLACES, -1, dtype=np.int64)
        self._key_at, self._key_n = np.zeros(PLACES, dtype=np.int64), np.full(PLACES, -1, dtype=np.int64)
        self._key_is, self._fills = np.full(PLACES, -1, dtype=np.int32), np.full(PLACES, -1, dtype=np.int32)
        self._rank, self._code = np.zeros(PLACES, dtype=np.int32), np.zeros(PLACES, dtype=np.int32)

    def index(self, name):
        """
        Which column has this name; -1 where none is wanted.
        """
        return self.names.index(name) if name in self.names else -1

    cdef int start(self) except -1:
        cdef Py_ssize_t i
        cdef Table table
        self.cuts = 0
        self._body, self._length = NULL, 0
        self._pair_n[:] = -1
        self._key_n[:] = -1
        for i in range(self.width):
            table = <Table?>self._tables[i]
            if table.n > MOST or table.used > MOST_TEXT or table.n != len(self.values[i]):
                table.clear()
                self.values[i] = Lexicon()
        return 0

    cdef int over(self, Reader* r) except -1:
        self._body, self._length = r.at, r.end - r.at
        return 0

    cdef int begin(self, int level) except -1:
        cdef Py_ssize_t i
        self._place = 0
        for i in range(self.width):
            self.codes[level, i] = self.codes[level - 1, i]
            self._best[i] = FAR
        return 0

    cdef int attribute(self, Reader* r, int level, int depth) except -1:
        cdef View pair
        cdef View key
        cdef View known
        cdef Any found
        cdef Reader inner
        cdef uint32_t field
        cdef Py_ssize_t hit, place = PLACES
        cdef int32_t column = -1, i = -1
        cdef int64_t cuts = self.cuts
        if depth < 1:
            fail(r)
            return 0
        pair = view(r)
        if r.fault:
            return 0
        known.n = -1
        if level == ITEM and self._place < PLACES:
            place = self._place
            self._place += 1
            if self._alike(pair, place, level):
                return 0
            if self._key_n[place] >= 0:
                known = self._piece(self._key_at[place], self._key_n[place])
                i = self._key_is[place]
        key.at = pair.at
        key.n = 0
        found.kind = NOTHING
        inner = reading(pair)
        while more(&inner):
            field = tag(&inner)
            if field == (1 << 3 | 2):
                key = view(&inner)
                if not same(key, known) and not is_utf8(key):  # what was read before is text
                    fail(&inner)
            elif field == (2 << 3 | 2):
                self.value(&inner, &found, depth - 1)
            else:
                self.schema.field(&inner, field, self._pair, depth - 1)
        if inner.fault:
            fail(r)
            return 0
        if not same(key, known):
            i = <int32_t>self._keys.find(key, 0)
        if i >= 0 and found.kind != NOTHING and found.kind != OTHER:
            for hit in range(self._hits[i], self._hits[i + 1]):
                column = self._columns[hit]
                if self._ranks[hit] < self._best[column]:
                    self._best[column] = self._ranks[hit]
                    self.codes[level, column] = self.code(column, &found)
                else:
                    place = PLACES  # not looked up: not to be remembered
            if self._hits[i + 1] - self._hits[i] != 1 or self.cuts != cuts:
                place = PLACES
        if place < PLACES and self._body != NULL:
            self._pair_at[place], self._pair_n[place] = pair.at - self._body, pair.n
            self._key_at[place], self._key_n[place], self._key_is[place] = key.at - self._body, key.n, i
            self._fills[place] = column
            if column >= 0:
                self._rank[place], self._code[place] = self._best[column], self.codes[level, column]
        return 0

    cdef int _alike(self, View pair, Py_ssize_t place, int level) except -1:
        # Whether the item before had the very same bytes here; then they mean the same.
        cdef int32_t column
        if self._pair_n[place] != pair.n or not same(pair, self._piece(self._pair_at[place], pair.n)):
            return 0
        column = self._fills[place]
        if column >= 0 and self._rank[place] < self._best[column]:
            self._best[column] = self._rank[place]
            self.codes[level, column] = self._code[place]
        return 1

    cdef View _piece(self, int64_t at, int64_t n) except *:
        # Of the body, and never of anything else.
        cdef View found
        if at < 0 or n < 0 or at + n > self._length:
            raise IndexError("a piece that was remembered lies outside of the body")
        found.at = self._body + at
        found.n = <Py_ssize_t>n
        return found

    cdef int value(self, Reader* r, Any* found, int depth) except -1:
        cdef const unsigned char* outer
        cdef uint32_t field
        if depth < 1:
            fail(r)
            return 0
        outer = enter(r)
        while more(r):
            field = tag(r)
            if field == (1 << 3 | 2):
                found.words = text(r)
                found.kind = WORDS
            elif field == (2 << 3 | 0):
                found.whole = varint(r) != 0
                found.kind = TRUTH
            elif field == (3 << 3 | 0):
                found.whole = <int64_t>varint(r)
                found.kind = WHOLE
            elif field == (4 << 3 | 1):
                found.real = double_of(fixed64(r))
                found.kind = REAL
            else:
                self.schema.field(r, field, self._any, depth - 1)
                # a list, a map, bytes, an index of text: a value, but not one of ours
                if field == (5 << 3 | 2) or field == (6 << 3 | 2) or field == (7 << 3 | 2) or field == (8 << 3 | 0):
                    found.kind = OTHER
        leave(r, outer)
        return 0

    cdef int32_t code(self, Py_ssize_t column, Any* found) except -2:
        cdef Table table = <Table?>self._tables[column]
        cdef Py_ssize_t before = table.n
        cdef Py_ssize_t i
        cdef View key
        if found.kind == WORDS:
            key = cut(found.words, LONGEST)
            if key.n < found.words.n:
                self.cuts += 1
        elif found.kind == REAL:
            if found.real != found.real:
                found.real = NAN
            found.real += 0.0  # there is no zero below zero
            key.at = <const unsigned char*>&found.real
            key.n = sizeof(double)
        elif found.kind == TRUTH or found.kind == WHOLE:
            key.at = <const unsigned char*>&found.whole
            key.n = sizeof(int64_t)
        else:
            return -1
        i = table.intern(key, found.kind)
        if i < 0:
            raise OverflowError("a column has more values than a code can say")
        if table.n != before:
            self.values[column].append(_python(found, key))
        return <int32_t>i

    cdef int32_t words(self, Py_ssize_t column, View text) except -2:
        cdef Any found
        found.kind = WORDS
        found.words = text
        return self.code(column, &found)

    cdef int32_t put(self, Py_ssize_t column, object value) except -2:
        cdef Any found
        cdef bytes raw
        if value is None:
            return -1
        if type(value) is str:
            raw = value.encode()
            found.kind = WORDS
            found.words.at = raw
            found.words.n = len(raw)
        elif type(value) is bool:
            found.kind, found.whole = TRUTH, 1 if value else 0
        elif type(value) is int:
            found.kind, found.whole = WHOLE, value
        else:
            found.kind, found.real = REAL, value
        return self.code(column, &found)

    cdef int give(self, int32_t[:, ::1] out, Py_ssize_t row) except -1:
        cdef Py_ssize_t i
        for i in range(self.width):
            out[i, row] = self.codes[ITEM, i]
        return 0


cdef double NAN = float("nan")


cdef object _python(Any* found, View key):
    if found.kind == WORDS:
        return key.at[:key.n].decode("utf-8") if key.n else ""
    if found.kind == REAL:
        return found.real
    return bool(found.whole) if found.kind == TRUTH else found.whole
