# How do attributes on the wire become codes of columns? See attributes.pyx.

from libc.stdint cimport int32_t, int64_t
from watchkeeper.measure.native.reader cimport Reader, View
from watchkeeper.measure.native.schema cimport Schema
from watchkeeper.measure.native.table cimport Table

# Kinds of Any.
cdef enum:
    NOTHING = 0    # not said
    WORDS = 1      # text
    TRUTH = 2
    WHOLE = 3
    REAL = 4
    OTHER = 5      # bytes, a list, a map: said, but no scalar

# The levels that an item inherits through; each begins as a copy of the one before it.
cdef enum:
    NOBODY = 0
    RESOURCE = 1
    SCOPE = 2
    ITEM = 3


cdef struct Any:
    int kind
    View words      # a piece of the body
    int64_t whole   # TRUTH too
    double real


cdef class Attributes:
    cdef readonly tuple names         # of the columns
    cdef readonly Py_ssize_t width    # how many columns
    cdef readonly list values         # a Lexicon for each column
    cdef public int64_t cuts          # texts that were too long, since `start`
    cdef Schema schema
    cdef int _pair, _any              # numbers of these messages in the schema
    cdef Table _keys                  # attributes on the wire that are wanted
    cdef int32_t[::1] _hits           # len(keys) + 1: attribute i may fill what the hits i:i+1 say
    cdef int32_t[::1] _columns, _ranks
    cdef list _tables                 # a Table for each column: what its codes mean
    cdef int32_t[:, ::1] codes        # by level and column
    cdef int32_t[::1] _best           # by column: the rank of what was found on this level
    # What the item before had at the same place, as pieces of the body: most spans of a body are alike in most.
    cdef const unsigned char* _body
    cdef Py_ssize_t _length
    cdef Py_ssize_t _place            # of the next attribute of this item
    cdef int64_t[::1] _pair_at, _pair_n, _key_at, _key_n    # -1 bytes: not known
    cdef int32_t[::1] _key_is                               # its number among the wanted, or -1
    cdef int32_t[::1] _fills, _rank, _code                  # the column that the pair fills, or -1; how well; with what

    cdef int start(self) except -1                                       # a new body; `over` may follow
    cdef int over(self, Reader* r) except -1                             # the whole of it, which stays until the next start
    cdef int begin(self, int level) except -1                            # a new resource, scope or item
    cdef int attribute(self, Reader* r, int level, int depth) except -1  # r is behind the tag of a KeyValue
    cdef int value(self, Reader* r, Any* found, int depth) except -1     # r is behind the tag of an AnyValue: it is merged into found
    cdef int _alike(self, View pair, Py_ssize_t place, int level) except -1
    cdef View _piece(self, int64_t at, int64_t n) except *
    cdef int32_t code(self, Py_ssize_t column, Any* found) except -2
    cdef int32_t words(self, Py_ssize_t column, View text) except -2
    cdef int32_t put(self, Py_ssize_t column, object value) except -2    # of a Python scalar; -1 for None
    cdef int give(self, int32_t[:, ::1] out, Py_ssize_t row) except -1   # the codes of the item into out[:, row]
