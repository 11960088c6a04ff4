# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which samples does a body of remote-write hold?

The compiled twin of `decode/remote_heard.py`, with its rules. What a series is, is found once: then it is known by the
bytes of its labels, as they were sent. So many series are known at most; when their number has doubled a new table
begins, which takes over those that are heard again, and after five minutes the older one, with all that were not, is
dropped: series that live for a minute do not pile up.
"""

from collections import Counter

import numpy as np

from watchkeeper.measure.decode import form
from watchkeeper.measure.decode.columns_builder import LONGEST_TEXT, MOST_BYTES, MOST_VALUES
from watchkeeper.measure.decode.remote_heard import AHEAD_NS, Heard, Samples
from watchkeeper.measure.decode.remote_series import (
    BAD, LE, LONGEST_LABELS, MOST_LABELS, NAME, NAMELESS, NO_LIMIT, TWICE, hits_of, limit_of,
)
from watchkeeper.measure.replicas import CLUSTER, REPLICA
from watchkeeper.measure.values import Lexicon

from libc.math cimport INFINITY, fabs, isfinite
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy
from watchkeeper.measure.native.reader cimport (
    DEEPEST, Reader, View, _le64, cut, double_of, enter, fail, fixed64, is_utf8, leave, more, reader_of, reading, same,
    skip, tag, varint, view,
)
from watchkeeper.measure.native.blake2b cimport digest
from watchkeeper.measure.native.table cimport Table

cdef enum:
    IN_SERIES = DEEPEST - 1   # how many levels may be opened below each message
    IN_LABEL = DEEPEST - 2
    LABELS = 1 << 3 | 2       # tags
    SAMPLES = 2 << 3 | 2
    UNWANTED = -1             # what a series is that is not read; below it: why it is refused
    IS_BAD = -2
    IS_TWICE = -3
    IS_NAMELESS = -4
    IS_NO_LIMIT = -5
    REASONS = 6
    FAR = 99
    MOST_KNOWN = 1 << 20      # series in one table
    LONGEST_RUN = 1 << 14     # bytes of labels that are remembered
    FEW = 1 << 16             # series for which no new table begins

cdef int64_t MS = 1_000_000
cdef uint64_t STALE_NAN = 0x7FF0000000000002
cdef int64_t LAST_MS = form.TOO_BIG // 1_000_000
cdef int64_t AHEAD = AHEAD_NS
cdef Py_ssize_t MOST_NODES = form.MOST_NODES
cdef Py_ssize_t MOST_ONES = MOST_LABELS
cdef Py_ssize_t MOST_LETTERS = LONGEST_LABELS
cdef Py_ssize_t LONGEST = LONGEST_TEXT
cdef Py_ssize_t MOST_TEXTS = MOST_VALUES
cdef Py_ssize_t MOST_TEXT = MOST_BYTES
cdef Py_ssize_t MOST_RUNS = 1 << 27         # bytes of labels in one table
cdef int64_t GRACE_NS = 5 * 60 * 10**9      # what was not heard for so long after a new table began is dropped
_REASONS = {-IS_BAD: BAD, -IS_TWICE: TWICE, -IS_NAMELESS: NAMELESS, -IS_NO_LIMIT: NO_LIMIT}


# What a series is.
cdef struct Known:
    uint64_t low        # its identity
    uint64_t high
    uint64_t group_low  # of the histogram that it is a bucket of
    uint64_t group_high
    double limit
    int32_t wire        # number of its name among the meanings; UNWANTED or less
    int32_t cut         # texts that were too long


KNOWN = np.dtype(
    [
        ("low", np.uint64), ("high", np.uint64), ("group_low", np.uint64), ("group_high", np.uint64),
        ("limit", np.float64), ("wire", np.int32), ("cut", np.int32),
    ]
)


cdef struct Label:
    View name
    View value


cdef class _Book:
    # The series that are known, by the bytes of their labels.
    cdef Table runs
    cdef Known[::1] known
    cdef int32_t[::1] codes    # `width` of each

    def __init__(self, Py_ssize_t width):
        self.runs = Table(MOST_KNOWN)
        self.known = np.zeros(64, dtype=KNOWN)
        self.codes = np.zeros(64 * max(width, 1), dtype=np.int32)


cdef class _Out:
    # Samples of one body.
    cdef Py_ssize_t n, width, room
    cdef object parts
    cdef uint64_t[:, ::1] identities
    cdef int64_t[::1] at
    cdef double[::1] values
    cdef double[::1] limits
    cdef int32_t[::1] metric
    cdef int32_t[::1] wire
    cdef int32_t[:, ::1] codes

    def __init__(self, Py_ssize_t width, Py_ssize_t room):
        self.width, self.n = width, 0
        self._make(room)

    cdef int _make(self, Py_ssize_t room) except -1:
        self.room = room
        self.parts = (
            np.empty((room, 2), dtype=np.uint64), np.empty(room, dtype=np.int64), np.empty(room), np.empty(room),
            np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32),
            np.empty((room, max(self.width, 1)), dtype=np.int32),
        )
        self.identities, self.at, self.values, self.limits, self.metric, self.wire, self.codes = self.parts
        return 0

    cdef int need(self, Py_ssize_t more_) except -1:
        cdef Py_ssize_t n = self.n
        if n + more_ <= self.room:
            return 0
        before = self.parts
        self._make(2 * (n + more_))
        for old, new in zip(before, self.parts):
            new[:n] = old[:n]
        return 0

    def samples(self):
        n = self.n
        identities, at, values, limits, metric, wire, codes = (part[:n] for part in self.parts)
        return Samples(
            identities=identities.view(np.uint8), at_ns=at, values=values, metric=metric, wire=wire,
            codes=codes[:, : self.width], limits=limits,
        )


cdef class Hearing:
    """
    Reads one body after the other.
    """

    cdef readonly list values          # a Lexicon for each attribute
    cdef readonly Py_ssize_t width
    cdef object _names
    cdef Table _wires, _keys           # names on the wire that mean something; labels that are wanted
    cdef int32_t[::1] _metric, _base   # by name on the wire: numbers of wanted metrics, -1 for none
    cdef uint8_t[::1] _counter
    cdef double[::1] _times, _over
    cdef int32_t[::1] _hits, _columns, _ranks, _best
    cdef list _tables                  # a Table for each attribute
    cdef _Book _book, _older
    cdef int64_t _since                # when the older one was put aside
    cdef Py_ssize_t _room              # series for which the book is large enough
    cdef Py_ssize_t _moved             # of the older one: heard again since
    cdef Py_ssize_t _numbers_n, _buckets_n
    # the series that is being read
    cdef double[::1] _value
    cdef int64_t[::1] _time
    cdef Py_ssize_t _samples
    cdef Py_ssize_t _last, _guess      # numbers of the series before it, and of itself where that was expected
    cdef int64_t[:, ::1] _labels       # per label: where its name begins in the run and how long it is; its value
    cdef int32_t[::1] _order
    cdef uint8_t[::1] _joined, _plain
    cdef Known _now
    cdef int32_t[::1] _codes
    cdef bytes _name_key, _le_key, _cluster_key, _replica_key
    # counts of this body
    cdef int64_t _overflow
    cdef int64_t[::1] _refused

    def __init__(self, attributes, names):
        self._names = names
        attributes = tuple(sorted(attributes))
        self.width = len(attributes)
        self._keys = Table(1 << 16)
        hits, columns, ranks = [0], [], []
        for wire, places in hits_of(attributes).items():
            self._keys.number(wire.encode())
            columns += [column for column, _ in places]
            ranks += [rank for _, rank in places]
            hits.append(len(columns))
        self._hits = np.array(hits, dtype=np.int32)
        self._columns, self._ranks = np.array([*columns, 0], dtype=np.int32), np.array([*ranks, 0], dtype=np.int32)
        self._best = np.full(self.width + 1, FAR, dtype=np.int32)
        self._codes = np.full(self.width + 1, -1, dtype=np.int32)
        self._tables = [Table((1 << 30) - 1) for _ in attributes]
        self.values = [Lexicon() for _ in attributes]
        self._value, self._time = np.empty(64), np.empty(64, dtype=np.int64)
        self._labels, self._order = np.zeros((MOST_ONES, 4), dtype=np.int64), np.zeros(MOST_ONES, dtype=np.int32)
        self._joined, self._plain = np.zeros(1024, dtype=np.uint8), np.zeros(1024, dtype=np.uint8)
        self._refused = np.zeros(REASONS, dtype=np.int64)
        self._name_key, self._le_key = NAME, LE
        self._cluster_key, self._replica_key = CLUSTER.encode(), REPLICA.encode()
        self._numbers_n = self._buckets_n = 64
        self.renew()

    def renew(self):
        """
        Names mean something else now: no series is known.
        """
        meanings = self._names.meanings()
        self._wires = Table(max(1, len(meanings)))
        for name in meanings:
            self._wires.number(name.encode())
        each = list(meanings.values())
        self._metric = np.array([one.name for one in each] + [0], dtype=np.int32)
        self._base = np.array([one.base for one in each] + [0], dtype=np.int32)
        self._counter = np.array([one.counter for one in each] + [0], dtype=np.uint8)
        self._times = np.array([one.times for one in each] + [1], dtype=np.float64)
        self._over = np.array([one.over for one in each] + [1], dtype=np.float64)
        self._forget()

    cdef int _forget(self) except -1:
        self._book, self._older, self._room, self._moved = _Book(self.width), None, FEW, 0
        self._last = self._guess = -1
        return 0

    @property
    def known(self):
        """
        How many series are known.
        """
        return self._book.runs.n + (0 if self._older is None else self._older.runs.n)

    @property
    def nbytes(self):
        """
        How much memory they take.
        """
        books = [book for book in (self._book, self._older) if book is not None]
        return sum(_nbytes(book) for book in books)

    def read(self, body, int64_t now_ns):
        """
        The samples of a WriteRequest: 400 where the body is none, 413 where it holds too many.
        """
        cdef const unsigned char[::1] data = body
        cdef Reader r = reader_of(NULL, 0)
        cdef _Out numbers, buckets
        cdef Py_ssize_t items = 0, nodes = 0, series = 0, told = 0, i
        cdef int64_t stale = 0, cuts = 0, later = 0, bad_time = 0, bad_value = 0, ahead = 0
        cdef int64_t at, extra
        cdef uint32_t field
        cdef const unsigned char* outer
        cdef bint replicated = False, too_many, heavy
        cdef View run
        cdef double value
        cdef int32_t wire
        if data.shape[0]:
            r = reader_of(&data[0], data.shape[0])
        self._start(now_ns)
        numbers, buckets = _Out(self.width, self._numbers_n), _Out(self.width, self._buckets_n)
        replica = None
        metadata = []
        while more(&r):
            field = tag(&r)
            if field == (1 << 3 | 2):
                outer = enter(&r)
                run = self._series(&r, &extra)
                leave(&r, outer)
                if r.fault:
                    break
                items += self._samples
                nodes += 1 + self._samples
                if nodes > MOST_NODES:
                    if not _sound(run):
                        fail(&r)
                    continue
                if series == 0:
                    if not self._read_labels(run):
                        fail(&r)
                        break
                    replica = self._replica(run)
                    replicated = replica is not None
                series += 1
                if not self._resolve(run, replicated, now_ns):
                    fail(&r)
                    break
                wire = self._now.wire
                if wire < 0:
                    if wire < UNWANTED:
                        self._refused[-wire] += self._samples
                    continue
                cuts += self._now.cut
                later += extra
                numbers.need(self._samples)
                buckets.need(self._samples)
                for i in range(self._samples):
                    at, value = self._time[i], self._value[i]
                    if not 0 < at < LAST_MS:
                        bad_time += 1
                    elif _is_stale(value):
                        stale += 1
                    elif at * MS > now_ns + AHEAD:
                        ahead += 1
                    elif not isfinite(value) or (self._counter[wire] and value < 0):
                        bad_value += 1
                    elif not fabs(value * self._times[wire] / self._over[wire]) < INFINITY:
                        bad_value += 1
                    else:
                        if self._metric[wire] >= 0:
                            self._put(numbers, self._now.low, self._now.high, at * MS, value, self._metric[wire])
                        if self._base[wire] >= 0:
                            self._put(
                                buckets, self._now.group_low, self._now.group_high, at * MS, value, self._base[wire]
                            )
            elif field == (3 << 3 | 2):
                told += 1
                found = self._metadata(&r)
                if told <= MOST_NODES and not r.fault:
                    metadata.append(found)
            else:
                skip(&r, field, DEEPEST)
        if r.fault:
            return form.malformed("WriteRequest")
        if nodes > MOST_NODES or told > MOST_NODES:
            return form.too_many_items()
        self._numbers_n, self._buckets_n = max(64, numbers.n), max(64, buckets.n)
        rejected = {_REASONS[i]: self._refused[i] for i in _REASONS if self._refused[i]}
        rejected |= {"bad-time": bad_time, "in the future": ahead, "bad-value": bad_value}
        noted = {"stale": stale, "text-cut": cuts, "not-supported-yet": later, "series-overflow": self._overflow}
        return Heard(
            items=items, numbers=numbers.samples(), buckets=buckets.samples(), replica=replica, metadata=metadata,
            rejected=+Counter(rejected), noted=+Counter(noted),
        )

    cdef inline int _put(
        self, _Out out, uint64_t low, uint64_t high, int64_t at_ns, double value, int32_t metric
    ) except -1:
        cdef Py_ssize_t n = out.n, i
        out.identities[n, 0], out.identities[n, 1] = low, high
        out.at[n], out.values[n], out.limits[n] = at_ns, value, self._now.limit
        out.metric[n], out.wire[n] = metric, self._now.wire
        for i in range(self.width):
            out.codes[n, i] = self._codes[i]
        out.n = n + 1
        return 0

    cdef int _start(self, int64_t now_ns) except -1:
        # A new body: a column that knows too many texts starts anew, and what is known of series with it.
        cdef Py_ssize_t i
        cdef Table table
        self._overflow = 0
        self._refused[:] = 0
        if self._joined.shape[0] > LONGEST_RUN:
            self._joined = np.zeros(1024, dtype=np.uint8)
        for i in range(self.width):
            table = <Table?>self._tables[i]
            if table.n > MOST_TEXTS or table.used > MOST_TEXT or table.n != len(self.values[i]):
                table.clear()
                self.values[i] = Lexicon()
                self._forget()
        if self._older is not None and now_ns - self._since > GRACE_NS:
            self._older = None
            self._room = max(FEW, 2 * self._moved)
        return 0

    # --- the parts of a message

    cdef View _series(self, Reader* r, int64_t* extra) except *:
        # The samples of a series, into `_time` and `_value`; the bytes of its labels, end to end. `extra` counts what
        # is not read: exemplars and histograms.
        cdef View run
        cdef const unsigned char* begin
        cdef const unsigned char* outer
        cdef Py_ssize_t joined = -1   # bytes in _joined; -1 while the labels lie end to end in the body
        cdef uint32_t field
        cdef uint64_t bits, time
        run.at, run.n = NULL, 0
        self._samples = 0
        extra[0] = 0
        self._expect(r, &run)
        while more(r):
            begin = r.at
            field = tag(r)
            if field == LABELS:
                view(r)
                if r.fault:
                    break
                self._guess = -1
                if run.at == NULL:
                    run.at = begin
                if joined < 0 and run.at + run.n == begin:
                    run.n = r.at - run.at
                else:
                    if joined < 0:
                        joined = self._join(run.at, run.n, 0)
                    joined = self._join(begin, r.at - begin, joined)
            elif field == SAMPLES:
                outer = enter(r)
                bits = time = 0
                while more(r):
                    field = tag(r)
                    if field == (1 << 3 | 1):
                        bits = fixed64(r)
                    elif field == (2 << 3 | 0):
                        time = varint(r)
                    else:
                        skip(r, field, IN_LABEL)
                leave(r, outer)
                if self._samples == self._value.shape[0] and self._samples <= MOST_NODES:
                    self._value, self._time = _larger(self._value), _larger(self._time)
                if self._samples < self._value.shape[0]:  # of more than fit in a body, only the number is wanted
                    self._value[self._samples], self._time[self._samples] = double_of(bits), <int64_t>time
                self._samples += 1
            elif field == (3 << 3 | 2) or field == (4 << 3 | 2):
                view(r)
                extra[0] += 1
            else:
                skip(r, field, IN_SERIES)
        if joined >= 0:
            run.at, run.n = &self._joined[0], joined
        return run

    cdef int _expect(self, Reader* r, View* run) except -1:
        # A sender tells its series in the same order each time: most often the next one is the one after the last. If
        # its labels lie here, byte by byte, they need not be looked at again.
        cdef Table runs = self._book.runs
        cdef Py_ssize_t guess = self._last + 1
        cdef View key
        self._guess = -1
        if guess >= runs.n:
            return 0
        key = runs.key(guess)
        if 0 < key.n <= r.end - r.at and memcmp(r.at, key.at, key.n) == 0:
            run.at, run.n = r.at, key.n
            r.at += key.n
            self._guess = guess
        return 0

    cdef Py_ssize_t _join(self, const unsigned char* at, Py_ssize_t n, Py_ssize_t joined) except -1:
        while joined + n > self._joined.shape[0]:
            self._joined = _larger(self._joined)
        if n:
            memcpy(&self._joined[joined], at, n)
        return joined + n

    cdef object _metadata(self, Reader* r):
        # Family, type and unit.
        cdef const unsigned char* outer = enter(r)
        cdef uint32_t field
        cdef View family, unit
        cdef int32_t kind = 0
        family.at, family.n, unit.at, unit.n = NULL, 0, NULL, 0
        while more(r):
            field = tag(r)
            if field == (1 << 3 | 0):
                kind = <int32_t>varint(r)
            elif field == (2 << 3 | 2):
                family = view(r)
            elif field == (5 << 3 | 2):
                unit = view(r)
            else:
                skip(r, field, IN_SERIES)
        leave(r, outer)
        return None if r.fault else (_bytes(family), kind, _bytes(unit))

    # --- what a series is

    cdef bint _resolve(self, View run, bint replicated, int64_t now_ns) except *:
        # The series with these labels, into `_now` and `_codes`; False where the labels cannot be read.
        cdef Py_ssize_t i = self._guess, older
        if i < 0 or self._book.runs._kinds[i] != replicated:
            i = self._book.runs.find(run, replicated)
        if i >= 0:
            self._last = i
            self._now = self._book.known[i]
            if self._now.wire >= 0:
                self._recall(self._book, i)
            return True
        older = -1 if self._older is None else self._older.runs.find(run, replicated)
        if older >= 0:
            self._now = self._older.known[older]
            self._recall(self._older, older)
            self._moved += 1
        else:
            if not self._read_labels(run):
                return False
            self._recognise(run, replicated)
        self._remember(run, replicated, now_ns)
        return True

    cdef int _recall(self, _Book book, Py_ssize_t i) except -1:
        cdef Py_ssize_t k
        for k in range(self.width):
            self._codes[k] = book.codes[i * self.width + k]
        return 0

    cdef int _remember(self, View run, bint replicated, int64_t now_ns) except -1:
        cdef _Book book = self._book
        cdef Py_ssize_t i, k
        if self._now.wire < UNWANTED:  # refused: it is read anew each time, for there is no end of them
            return 0
        if run.n > LONGEST_RUN:
            self._overflow += 1
            return 0
        if book.runs.n >= MOST_KNOWN or book.runs.used > MOST_RUNS or (self._older is None and book.runs.n >= self._room):
            if self._older is not None:
                self._overflow += self._older.runs.n - self._moved
            self._older, self._since, self._moved = book, now_ns, 0
            self._book = book = _Book(self.width)
            self._last = -1
        i = book.runs.intern(run, replicated)
        if i < 0:
            raise OverflowError("a table of series is full although it has room")
        if i >= book.known.shape[0]:
            book.known = _larger(book.known)
        while (i + 1) * self.width > book.codes.shape[0]:
            book.codes = _larger(book.codes)
        self._last = i
        book.known[i] = self._now
        for k in range(self.width):
            book.codes[i * self.width + k] = self._codes[k]
        return 0

    cdef bint _read_labels(self, View run) except *:
        # Where names and values are, into `_labels`; False at a fault. `_order[0]` is -1 where there are too many.
        cdef Reader r = reading(run)
        cdef const unsigned char* outer
        cdef View name, value
        cdef uint32_t field
        cdef Py_ssize_t n = 0
        while more(&r):
            tag(&r)
            name.at, name.n, value.at, value.n = r.at, 0, r.at, 0
            outer = enter(&r)
            while more(&r):
                field = tag(&r)
                if field == (1 << 3 | 2):
                    name = view(&r)
                elif field == (2 << 3 | 2):
                    value = view(&r)
                else:
                    skip(&r, field, IN_LABEL)
            leave(&r, outer)
            if n < MOST_ONES and not r.fault:
                self._labels[n, 0], self._labels[n, 1] = name.at - run.at, name.n
                self._labels[n, 2], self._labels[n, 3] = value.at - run.at, value.n
            n += 1
        self._now.cut = 0
        self._now.wire = <int32_t>n   # for `_recognise`, which says what it is
        return not r.fault

    cdef Label _label(self, View run, Py_ssize_t i) except *:
        # One of the labels that were read.
        cdef Label found
        if (
            self._labels[i, 0] < 0 or self._labels[i, 0] + self._labels[i, 1] > run.n
            or self._labels[i, 2] < 0 or self._labels[i, 2] + self._labels[i, 3] > run.n
        ):
            raise IndexError("a label lies outside of its series")
        found.name.at, found.name.n = run.at + self._labels[i, 0], self._labels[i, 1]
        found.value.at, found.value.n = run.at + self._labels[i, 2], self._labels[i, 3]
        return found

    cdef object _replica(self, View run):
        # The cluster and the replica, as the labels that were read say them.
        cdef Py_ssize_t i, n = min(<Py_ssize_t>self._now.wire, MOST_ONES)
        cdef Label label
        cdef View cluster, replica
        cluster.at = replica.at = NULL
        cluster.n = replica.n = 0
        for i in range(n):
            label = self._label(run, i)
            if _is(label.name, self._cluster_key):
                cluster = label.value
            elif _is(label.name, self._replica_key):
                replica = label.value
        if not cluster.n or not replica.n or not is_utf8(cluster) or not is_utf8(replica):
            return None
        return _bytes(cluster).decode(), _bytes(replica).decode()

    cdef int _recognise(self, View run, bint replicated) except -1:
        # What the labels that were read say, into `_now` and `_codes`.
        cdef Py_ssize_t n = self._now.wire, letters = 0, i, k, at
        cdef Label label, other
        cdef int32_t moved
        cdef View name, le
        self._now.low = self._now.high = self._now.group_low = self._now.group_high = 0
        self._now.limit, self._now.wire = float("nan"), IS_BAD
        for i in range(self.width):
            self._codes[i], self._best[i] = -1, FAR
        if n > MOST_ONES:
            return 0
        for i in range(n):
            label = self._label(run, i)
            letters += label.name.n + label.value.n
            if not label.name.n or not is_utf8(label.name) or not is_utf8(label.value):
                return 0
        if letters > MOST_LETTERS:
            return 0
        for i in range(n):  # in the order of their names; most come so
            k = i
            label = self._label(run, i)
            while k > 0 and _order(label.name, self._label(run, self._order[k - 1]).name) < 0:
                self._order[k] = self._order[k - 1]
                k -= 1
            self._order[k] = <int32_t>i
        name.at = le.at = NULL
        name.n = le.n = 0
        for k in range(n):
            label = self._label(run, self._order[k])
            if k > 0 and same(label.name, self._label(run, self._order[k - 1]).name):
                self._now.wire = IS_TWICE
                return 0
            if _is(label.name, self._name_key):
                name = label.value
            elif _is(label.name, self._le_key):
                le = label.value
        if not name.n:
            self._now.wire = IS_NAMELESS
            return 0
        self._now.wire = <int32_t>self._wires.find(name, 0)
        if self._now.wire < 0:
            self._now.wire = UNWANTED
            return 0
        if self._base[self._now.wire] >= 0:
            self._now.limit = limit_of(_bytes(le))
            if self._now.limit != self._now.limit:
                self._now.wire = IS_NO_LIMIT
                return 0
            self._digest(run, n, replicated, True, &self._now.group_low, &self._now.group_high)
        self._digest(run, n, replicated, False, &self._now.low, &self._now.high)
        self._attributes(run, n, replicated)
        return 0

    cdef int _digest(
        self, View run, Py_ssize_t n, bint replicated, bint group, uint64_t* low, uint64_t* high
    ) except -1:
        # The identity of the series, or of the histogram that it is a bucket of.
        cdef Py_ssize_t k, at = 0
        cdef Label label
        while run.n + 8 * n + 128 > self._plain.shape[0]:
            self._plain = _larger(self._plain)
        for k in range(n):
            label = self._label(run, self._order[k])
            if not label.value.n or (replicated and _is(label.name, self._replica_key)):
                continue
            if group and (_is(label.name, self._name_key) or _is(label.name, self._le_key)):
                continue
            at = self._write(self._write(at, label.name), label.value)
        return digest(self._plain, at, low, high)

    cdef Py_ssize_t _write(self, Py_ssize_t at, View part) except -1:
        # A part of a label, behind its length.
        cdef int i
        for i in range(4):
            self._plain[at + i] = <uint8_t>(part.n >> 8 * i & 255)
        if part.n:
            if at + 4 + part.n > self._plain.shape[0]:
                raise IndexError("the labels do not fit")
            memcpy(&self._plain[at + 4], part.at, part.n)
        return at + 4 + part.n

    cdef int _attributes(self, View run, Py_ssize_t n, bint replicated) except -1:
        cdef Py_ssize_t k, i, hit, column
        cdef Label label
        cdef View text
        for k in range(n):
            label = self._label(run, self._order[k])
            if not label.value.n or (replicated and _is(label.name, self._replica_key)):
                continue
            i = self._keys.find(label.name, 0)
            if i < 0:
                continue
            for hit in range(self._hits[i], self._hits[i + 1]):
                column = self._columns[hit]
                if self._ranks[hit] < self._best[column]:
                    self._best[column] = self._ranks[hit]
                    text = cut(label.value, LONGEST)
                    self._now.cut += text.n < label.value.n
                    self._codes[column] = self._text(column, text)
        return 0

    cdef int32_t _text(self, Py_ssize_t column, View text) except -2:
        cdef Table table = <Table?>self._tables[column]
        cdef Py_ssize_t before = table.n
        cdef Py_ssize_t i = table.intern(text, 0)
        if i < 0:
            raise OverflowError("a column has more values than a code can say")
        if table.n != before:
            self.values[column].append(_bytes(text).decode())
        return <int32_t>i


cdef bint _sound(View run) noexcept:
    # Whether labels can be read.
    cdef Reader r = reading(run)
    cdef const unsigned char* outer
    cdef uint32_t field
    while more(&r):
        tag(&r)
        outer = enter(&r)
        while more(&r):
            field = tag(&r)
            if field == (1 << 3 | 2) or field == (2 << 3 | 2):
                view(&r)
            else:
                skip(&r, field, IN_LABEL)
        leave(&r, outer)
    return not r.fault


cdef inline bint _is_stale(double value) noexcept:
    cdef uint64_t bits
    memcpy(&bits, &value, 8)
    return bits == STALE_NAN


cdef inline bint _is(View v, bytes key):
    cdef const unsigned char* at = key
    return v.n == len(key) and memcmp(v.at, at, v.n) == 0


cdef inline int _order(View a, View b) noexcept:
    # Which text comes first, byte by byte.
    cdef Py_ssize_t n = min(a.n, b.n)
    cdef int found = memcmp(a.at, b.at, n) if n else 0
    return found if found else (-1 if a.n < b.n else a.n > b.n)


cdef object _bytes(View v):
    return v.at[:v.n] if v.n else b""


cdef object _nbytes(_Book book):
    return book.runs.nbytes + 48 * book.known.shape[0] + 4 * book.codes.shape[0]


def _larger(part):
    old = np.asarray(part)
    fresh = np.zeros(2 * len(old), dtype=old.dtype)
    fresh[: len(old)] = old
    return fresh
