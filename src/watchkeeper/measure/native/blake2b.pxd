# What is the BLAKE2b digest, of 16 bytes, of these bytes? (RFC 7693; no key, no tree.)
#
# For names of series: a call of hashlib costs more than the digest. There is no array here: state, message and work are
# variables, and the only bytes read are those of a block that `digest` has made sure of.

from libc.stdint cimport uint8_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef WATCHKEEPER_BLAKE2B
    #define WATCHKEEPER_BLAKE2B
    typedef struct { uint64_t h0, h1, h2, h3, h4, h5, h6, h7; } wk_blake;
    static inline uint64_t wk_rotr(uint64_t x, int n) { return x >> n | x << (64 - n); }
    static inline uint64_t wk_word(const unsigned char *p) {
        return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24
             | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
    }
    #define WK_MIX(a, b, c, d, x, y) \\
        a += b + x; d = wk_rotr(d ^ a, 32); c += d; b = wk_rotr(b ^ c, 24); \\
        a += b + y; d = wk_rotr(d ^ a, 16); c += d; b = wk_rotr(b ^ c, 63);
    #define WK_ROUND(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15) \\
        WK_MIX(v0, v4, v8, v12, m##r0, m##r1) WK_MIX(v1, v5, v9, v13, m##r2, m##r3) \\
        WK_MIX(v2, v6, v10, v14, m##r4, m##r5) WK_MIX(v3, v7, v11, v15, m##r6, m##r7) \\
        WK_MIX(v0, v5, v10, v15, m##r8, m##r9) WK_MIX(v1, v6, v11, v12, m##r10, m##r11) \\
        WK_MIX(v2, v7, v8, v13, m##r12, m##r13) WK_MIX(v3, v4, v9, v14, m##r14, m##r15)
    static void wk_block(wk_blake *s, const unsigned char *at, uint64_t seen, int last) {
        uint64_t m0 = wk_word(at), m1 = wk_word(at + 8), m2 = wk_word(at + 16), m3 = wk_word(at + 24);
        uint64_t m4 = wk_word(at + 32), m5 = wk_word(at + 40), m6 = wk_word(at + 48), m7 = wk_word(at + 56);
        uint64_t m8 = wk_word(at + 64), m9 = wk_word(at + 72), m10 = wk_word(at + 80), m11 = wk_word(at + 88);
        uint64_t m12 = wk_word(at + 96), m13 = wk_word(at + 104), m14 = wk_word(at + 112), m15 = wk_word(at + 120);
        uint64_t v0 = s->h0, v1 = s->h1, v2 = s->h2, v3 = s->h3, v4 = s->h4, v5 = s->h5, v6 = s->h6, v7 = s->h7;
        uint64_t v8 = 0x6A09E667F3BCC908u, v9 = 0xBB67AE8584CAA73Bu, v10 = 0x3C6EF372FE94F82Bu;
        uint64_t v11 = 0xA54FF53A5F1D36F1u, v12 = 0x510E527FADE682D1u ^ seen, v13 = 0x9B05688C2B3E6C1Fu;
        uint64_t v14 = 0x1F83D9ABFB41BD6Bu ^ (last ? ~(uint64_t)0 : 0), v15 = 0x5BE0CD19137E2179u;
        WK_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        WK_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
        WK_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4)
        WK_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8)
        WK_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13)
        WK_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9)
        WK_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11)
        WK_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10)
        WK_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5)
        WK_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0)
        WK_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        WK_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
        s->h0 ^= v0 ^ v8; s->h1 ^= v1 ^ v9; s->h2 ^= v2 ^ v10; s->h3 ^= v3 ^ v11;
        s->h4 ^= v4 ^ v12; s->h5 ^= v5 ^ v13; s->h6 ^= v6 ^ v14; s->h7 ^= v7 ^ v15;
    }
    #endif
    """
    ctypedef struct State "wk_blake":
        uint64_t h0, h1, h2, h3, h4, h5, h6, h7
    void _block "wk_block"(State* state, const unsigned char* at, uint64_t seen, bint last) noexcept nogil


cdef inline int digest(uint8_t[::1] room, Py_ssize_t n, uint64_t* low, uint64_t* high) except -1:
    """The digest of the first n bytes as two little-endian numbers; `room` has space for the block that they end in."""
    cdef State state
    cdef Py_ssize_t at = 0, i
    cdef Py_ssize_t whole = (n + 127) // 128 * 128 if n else 128
    if whole > room.shape[0]:
        raise IndexError(f"found room for {room.shape[0]} bytes; wanted {whole}")
    for i in range(n, whole):
        room[i] = 0
    # digest of 16 bytes, no key, one leaf
    state.h0, state.h1 = <uint64_t>0x6A09E667F3BCC908 ^ 0x01010010, <uint64_t>0xBB67AE8584CAA73B
    state.h2, state.h3 = <uint64_t>0x3C6EF372FE94F82B, <uint64_t>0xA54FF53A5F1D36F1
    state.h4, state.h5 = <uint64_t>0x510E527FADE682D1, <uint64_t>0x9B05688C2B3E6C1F
    state.h6, state.h7 = <uint64_t>0x1F83D9ABFB41BD6B, <uint64_t>0x5BE0CD19137E2179
    while at + 128 < whole:
        _block(&state, &room[at], <uint64_t>(at + 128), False)
        at += 128
    _block(&state, &room[at], <uint64_t>n, True)
    low[0], high[0] = state.h0, state.h1
    return 0
