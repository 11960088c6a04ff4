# How does compiled code read a body that somebody sent, without ever reading beside it?
#
# Through a Reader: a place, an end, and a fault that stays. Every accessor looks at the end before it looks at a byte;
# what cannot be read sets the fault and moves to the end, so that each loop over `more` ends by itself and whoever
# walks asks for the fault once. Nothing here raises, allocates or touches a Python object.
#
# The rules are those of the reference (protobuf's C decoder, upb), found by trying it:
# - a varint has at most 10 bytes, what is beyond 64 bits is dropped; a tag or a length has at most 5;
# - a tag is below 2^32 and its field number is not 0, but inside an unknown group, where any number will do;
# - a length is below 2^31; text is UTF-8 without surrogates;
# - messages and groups together nest at most DEEPEST deep, the outermost message not counted;
# - an end of group where none began, or of another number, and the wire types 6 and 7 are faults;
# - a known field with another wire type is an unknown field: `skip` it.

from libc.stdint cimport uint8_t, uint32_t, uint64_t, int32_t, int64_t
from libc.string cimport memcmp

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #ifndef WATCHKEEPER_READER
    #define WATCHKEEPER_READER
    /* Little-endian whatever the machine is; a compiler makes one load of it where it may. */
    static inline uint32_t wk_le32(const unsigned char *p) {
        return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    }
    static inline uint64_t wk_le64(const unsigned char *p) {
        return (uint64_t)wk_le32(p) | (uint64_t)wk_le32(p + 4) << 32;
    }
    static inline uint64_t wk_fold(uint64_t a, uint64_t b) {
        __uint128_t product = (__uint128_t)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    static inline double wk_double(uint64_t bits) { double value; memcpy(&value, &bits, sizeof value); return value; }
    #endif
    """
    uint32_t _le32 "wk_le32"(const unsigned char* p) noexcept nogil
    uint64_t _le64 "wk_le64"(const unsigned char* p) noexcept nogil
    uint64_t fold "wk_fold"(uint64_t a, uint64_t b) noexcept nogil
    double double_of "wk_double"(uint64_t bits) noexcept nogil


cdef enum:
    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    GROUP = 3
    GROUP_END = 4
    FIXED32 = 5
    DEEPEST = 100


# A piece of the body (or of any memory whose owner outlives it): n bytes from `at`.
cdef struct View:
    const unsigned char* at
    Py_ssize_t n


cdef struct Reader:
    const unsigned char* at
    const unsigned char* end
    bint fault


cdef inline Reader reader_of(const unsigned char* start, Py_ssize_t n) noexcept nogil:
    """A reader of n bytes."""
    cdef Reader r
    r.at = start
    r.end = start + n
    r.fault = False
    return r


cdef inline Reader reading(View view) noexcept nogil:
    """A reader of a piece. Its fault is its own: hand it on."""
    return reader_of(view.at, view.n)


cdef inline void fail(Reader* r) noexcept nogil:
    """What follows cannot be read."""
    r.fault = True
    r.at = r.end


cdef inline bint more(Reader* r) noexcept nogil:
    """Whether anything is left of this message."""
    return r.at < r.end


cdef inline uint64_t varint(Reader* r) noexcept nogil:
    cdef uint64_t value = 0
    cdef int shift = 0
    cdef uint8_t byte
    if r.at < r.end and r.at[0] < 128:
        value = r.at[0]
        r.at += 1
        return value
    while shift < 70 and r.at < r.end:
        byte = r.at[0]
        r.at += 1
        if shift < 64:
            value |= <uint64_t>(byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
    fail(r)
    return 0


cdef inline uint64_t _short(Reader* r) noexcept nogil:
    # A tag or a length: at most 5 bytes.
    cdef uint64_t value = 0
    cdef int shift = 0
    cdef uint8_t byte
    if r.at < r.end and r.at[0] < 128:
        value = r.at[0]
        r.at += 1
        return value
    while shift < 35 and r.at < r.end:
        byte = r.at[0]
        r.at += 1
        value |= <uint64_t>(byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
    fail(r)
    return 0


cdef inline uint32_t tag(Reader* r) noexcept nogil:
    """The next field: its number << 3 | its wire type; 0 at a fault."""
    cdef uint64_t value = _short(r)
    if value < 8 or value > <uint64_t>0xFFFFFFFF:
        fail(r)
        return 0
    return <uint32_t>value


cdef inline uint64_t fixed64(Reader* r) noexcept nogil:
    cdef uint64_t value
    if r.end - r.at < 8:
        fail(r)
        return 0
    value = _le64(r.at)
    r.at += 8
    return value


cdef inline uint32_t fixed32(Reader* r) noexcept nogil:
    cdef uint32_t value
    if r.end - r.at < 4:
        fail(r)
        return 0
    value = _le32(r.at)
    r.at += 4
    return value


cdef inline uint64_t turned(uint64_t value) noexcept nogil:
    """The same eight bytes in the other order."""
    value = (value & <uint64_t>0x00FF00FF00FF00FF) << 8 | (value >> 8) & <uint64_t>0x00FF00FF00FF00FF
    value = (value & <uint64_t>0x0000FFFF0000FFFF) << 16 | (value >> 16) & <uint64_t>0x0000FFFF0000FFFF
    return value << 32 | value >> 32


cdef inline Py_ssize_t length(Reader* r) noexcept nogil:
    """A length, and so many bytes are there; 0 at a fault."""
    cdef uint64_t n = _short(r)
    if n > 0x7FFFFFFF or <Py_ssize_t>n > r.end - r.at:
        fail(r)
        return 0
    return <Py_ssize_t>n


cdef inline View view(Reader* r) noexcept nogil:
    """The bytes of a length-delimited field; none at a fault."""
    cdef View found
    found.n = length(r)
    found.at = r.at
    r.at += found.n
    return found


cdef inline View text(Reader* r) noexcept nogil:
    """The same, of a field that holds text: a fault where it is not UTF-8."""
    cdef View found = view(r)
    if not is_utf8(found):
        fail(r)
        found.n = 0
    return found


cdef inline const unsigned char* enter(Reader* r) noexcept nogil:
    """Go into a message in a length-delimited field; the answer is what `leave` wants."""
    cdef Py_ssize_t n = length(r)
    cdef const unsigned char* outer = r.end
    r.end = r.at + n
    return outer


cdef inline void leave(Reader* r, const unsigned char* outer) noexcept nogil:
    """Go out of it again, behind all of it."""
    r.at = outer if r.fault else r.end
    r.end = outer


cdef inline void skip(Reader* r, uint32_t key, int depth) noexcept nogil:
    """
    Pass over the field with this tag, which nobody knows. `depth`: how many levels may still be opened below the
    message that the field is in (DEEPEST in the outermost).
    """
    cdef uint32_t wire = key & 7
    cdef uint64_t inner
    cdef Py_ssize_t n
    if wire == VARINT:
        varint(r)
    elif wire == BYTES:
        n = length(r)  # first: it moves r.at itself
        r.at += n
    elif wire == FIXED64:
        fixed64(r)
    elif wire == FIXED32:
        fixed32(r)
    elif wire == GROUP and depth >= 1:
        while True:
            inner = _short(r)  # any number, 0 too
            if r.fault or inner > <uint64_t>0xFFFFFFFF:
                fail(r)
                return
            if inner & 7 == GROUP_END:
                if inner >> 3 != key >> 3:
                    fail(r)
                return
            skip(r, <uint32_t>inner, depth - 1)
    else:
        fail(r)


cdef inline bint is_utf8(View v) noexcept nogil:
    """Whether Python (and upb) would take it: no surrogates, nothing overlong, nothing above U+10FFFF."""
    cdef const unsigned char* p = v.at
    cdef const unsigned char* end = v.at + v.n
    cdef uint8_t first, second
    while True:
        while end - p >= 8 and not _le64(p) & <uint64_t>0x8080808080808080:
            p += 8
        if v.n >= 8 and end - p < 8 and not _le64(end - 8) & <uint64_t>0x8080808080808080:
            return True  # the last eight, some of them again
        while p < end and p[0] < 128:
            p += 1
        if p >= end:
            return True
        first = p[0]
        if first < 0xC2 or first > 0xF4 or end - p < 2:
            return False
        second = p[1]
        if first < 0xE0:
            if second & 0xC0 != 0x80:
                return False
            p += 2
        elif first < 0xF0:
            if end - p < 3 or second & 0xC0 != 0x80 or p[2] & 0xC0 != 0x80:
                return False
            if (first == 0xE0 and second < 0xA0) or (first == 0xED and second > 0x9F):
                return False
            p += 3
        else:
            if end - p < 4 or second & 0xC0 != 0x80 or p[2] & 0xC0 != 0x80 or p[3] & 0xC0 != 0x80:
                return False
            if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F):
                return False
            p += 4


cdef inline View cut(View v, Py_ssize_t characters) noexcept nogil:
    """The first so many characters of a text that is UTF-8; the text itself where it has no more."""
    cdef Py_ssize_t i, seen = 0
    if v.n <= characters:
        return v
    for i in range(v.n):
        if v.at[i] & 0xC0 != 0x80:
            if seen == characters:
                v.n = i
                return v
            seen += 1
    return v


cdef inline bint same(View a, View b) noexcept nogil:
    """Whether two pieces hold the same bytes."""
    return a.n == b.n and (a.n == 0 or memcmp(a.at, b.at, a.n) == 0)


cdef inline uint64_t hashed(View v, uint64_t seed, uint64_t other) noexcept nogil:
    """
    A hash under a secret: `seed` and `other` are random for each table, so that nobody can send keys that collide.
    (Folded multiplication, as in wyhash and aHash.)
    """
    cdef const unsigned char* p = v.at
    cdef Py_ssize_t n = v.n
    cdef uint64_t a = 0, b = 0
    cdef uint64_t h = seed ^ <uint64_t>n * <uint64_t>0x9E3779B97F4A7C15
    if n > 16:
        while n > 16:
            h = fold(_le64(p) ^ other, _le64(p + 8) ^ h)
            p += 16
            n -= 16
        p += n - 16  # the last 16 bytes, some of them again
        a, b = _le64(p), _le64(p + 8)
    elif n >= 8:
        a, b = _le64(p), _le64(p + n - 8)
    elif n >= 4:
        a, b = _le32(p), _le32(p + n - 4)
    elif n > 0:
        a = <uint64_t>p[0] << 16 | <uint64_t>p[n >> 1] << 8 | p[n - 1]
    h = fold(a ^ other, b ^ h)
    return fold(h ^ seed, other)
