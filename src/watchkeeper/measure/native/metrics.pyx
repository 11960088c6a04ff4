# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which points does a body of OTLP metrics hold?

The compiled twin of the walk in `decode/metric_points.py`: the same columns of points, without a Python object for each
point. What a series is (its identity, the codes of its attributes, the limits of its buckets) is worked out when it is
first seen; from then on the raw bytes of its attributes, under their resource, scope and metric, lead there.

What comes in an unusual form is not read here but by the reference: a body in which a part that stands once is sent in
pieces (a resource, a scope, the data of a metric, packed numbers, attributes with other fields between them).
"""

from hashlib import blake2b

import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode import exponential, metric_points, metric_rows
from watchkeeper.measure.decode.form import MOST_NODES, MOST_WEIGHT
from watchkeeper.measure.decode.identity import attributes as canonical_attributes
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF
from watchkeeper.measure.decode.si import counts_things, si
from watchkeeper.measure.values import Batch

from libc.math cimport INFINITY, floor, isfinite, nextafter
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy
from cpython.bytes cimport PyBytes_FromStringAndSize
from watchkeeper.measure.native.attributes cimport (
    Any, Attributes, ITEM, NOTHING, OTHER, REAL, RESOURCE, SCOPE, TRUTH, WHOLE, WORDS,
)
from watchkeeper.measure.native.reader cimport (
    DEEPEST, Reader, View, _le32, _le64, double_of, enter, fail, fixed64, fold, leave, more, reader_of, reading, skip,
    tag, text, varint, view,
)
from watchkeeper.measure.native.schema cimport Schema
from watchkeeper.measure.native.table cimport Table

cdef enum:
    V = 0        # wire types
    F = 1
    B = 2
    ROOM = 0x20000000        # a table of contexts or series is never as full: it is emptied between bodies
    LIMITS = 8192       # limits of exponential buckets that are kept at hand
    KEEPS = 8              # bytes before the parts of a key
    SERIAL = 5             # which of `arrays` says the series of each point
    SORTS = 64             # attributes that are put in order here; of more Python's sort makes less work

cdef enum Data:            # fields of a metric
    GAUGE = 5
    SUM = 7
    HISTOGRAM = 9
    EXPONENTIAL_HISTOGRAM = 10
    SUMMARY = 11

cdef int64_t MOST = MOST_NODES
cdef int MOST_BUCKETS = metric_points.MOST_BUCKETS
cdef int VALUE = metric_points.VALUE
cdef int THINGS = metric_points.THINGS
cdef int AMOUNT = metric_points.AMOUNT
cdef int BUCKETS = metric_points.BUCKETS
cdef int EXPONENTIAL = metric_points.EXPONENTIAL
cdef int HEAD = exponential.HEAD
cdef int LEAST_SCALE = exponential.LEAST_SCALE
cdef int MOST_SCALE = exponential.MOST_SCALE
cdef double MOST_EACH = MOST_WEIGHT
cdef double MOST_ALL = metric_rows.MOST_TOGETHER
cdef double NAN = float("nan")
cdef uint64_t TOO_BIG = <uint64_t>1 << 63
cdef uint64_t QUIET = <uint64_t>0x7FF8 << 48   # the NaN that stands for all

#: What becomes of a body: its points are read; it cannot be parsed; it holds too many; the reference should read it.
READ, BROKEN, CROWDED, ODD = range(4)
#: Series that are known by the bytes of their attributes, and how many bytes that may be: then all are forgotten.
MOST_SERIES = 1 << 16
MOST_BYTES = 1 << 26

_KINDS = {
    GAUGE: b"gauge", SUM: b"sum", HISTOGRAM: b"histogram", EXPONENTIAL_HISTOGRAM: b"exponential_histogram",
}

cdef extern from *:
    """
    static inline uint64_t wk_bits(double value) { uint64_t bits; memcpy(&bits, &value, sizeof bits); return bits; }
    """
    uint64_t bits_of "wk_bits"(double value) noexcept nogil


# A data point while it is read.
cdef struct Point:
    uint64_t start
    uint64_t at
    uint32_t flags
    View run          # its attributes, with their tags
    int told          # of a number: 0 none, 1 double, 2 int
    double real
    int64_t whole
    uint64_t count
    View counts       # packed, fixed 64
    View bounds
    int32_t scale
    uint64_t zero
    double threshold
    int32_t low
    Py_ssize_t below  # how many negative buckets, from 0 in `Walk._told`
    int32_t high
    Py_ssize_t above  # how many positive ones, behind them


# What a key begins with: KEEPS bytes.
cdef struct Head:
    uint32_t parent
    uint32_t first   # bytes of its first part


# A metric while its points are read.
cdef struct Metric:
    int data
    int kind          # of its points
    bint cumulative
    bint bad          # its temporality
    Py_ssize_t context
    double times
    double over


cdef class Walk:
    """
    Walks over one body after the other. `most_series` and `most_bytes` bound what is remembered of series; `forgotten`
    counts how often that was too much and began anew. `reference` counts bodies that were left to the reference.
    """

    cdef Attributes attributes
    cdef Schema schema
    cdef Table wanted, contexts, series
    cdef readonly Py_ssize_t most_series, most_bytes
    cdef readonly int64_t forgotten, reference
    cdef readonly int outcome
    cdef int t_request, t_resources, t_resource, t_scopes, t_scope, t_metric, t_number, t_buckets, t_exponential, t_side
    cdef object t_data
    cdef Py_ssize_t name
    cdef list lexicons
    # by context
    cdef int32_t[:, ::1] context_codes
    cdef int64_t[::1] context_cuts
    cdef double[:, ::1] scales
    cdef uint8_t[::1] things
    # by series
    cdef object codes_, identities_
    cdef int32_t[:, ::1] codes
    cdef uint8_t[:, ::1] identities
    cdef int64_t[::1] cuts, limit_starts
    cdef double[::1] limits
    cdef Py_ssize_t n_limits
    # this body
    cdef bint odd
    cdef int64_t nodes, items
    cdef Py_ssize_t n, n_values
    cdef readonly Py_ssize_t counted   # points of which the memory of counters is asked
    cdef readonly Py_ssize_t spreads   # cumulative exponential histograms
    cdef Py_ssize_t resource, scope
    cdef int64_t bad_time, bad_value, bad_histogram, bad_temporality, unsupported, passed
    cdef list arrays, value_arrays
    cdef uint8_t[::1] kind, cumulative
    cdef int64_t[::1] start_ns, at_ns, offsets, serial
    cdef double[::1] times, over
    cdef double[::1] values, low, high
    cdef double[::1] grown         # beside `values`: how much each grew
    cdef int32_t[::1] kept         # how many rows each point becomes
    # at hand
    cdef uint8_t[::1] scratch
    cdef uint8_t[::1] told_of      # attributes in canonical form, one after the other
    cdef int64_t[::1] told_at      # where each begins, and the last one ends
    cdef Py_ssize_t n_told
    cdef int32_t[::1] order
    cdef uint8_t[::1] form         # a whole canonical form
    cdef Py_ssize_t n_form
    cdef list digests              # by context: the hash so far
    cdef uint64_t[::1] told
    cdef int64_t[::1] limit_keys
    cdef double[::1] limit_values

    def __init__(self, wanted, *, most_series=MOST_SERIES, most_bytes=MOST_BYTES):
        self.schema = Schema(ExportMetricsServiceRequest.DESCRIPTOR)
        self.attributes = Attributes({*wanted.attributes, "name"}, self.schema, own=("name",))
        self.name = self.attributes.index("name")
        self.wanted = Table(ROOM)
        for one in wanted.metrics:
            self.wanted.number(one.encode("utf-8", "surrogatepass"))
        self.most_series, self.most_bytes = most_series, most_bytes
        self.forgotten = self.reference = 0
        numbers = self.schema.numbers
        of = "opentelemetry.proto.metrics.v1."
        self.t_request = numbers["opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest"]
        self.t_resource = numbers["opentelemetry.proto.resource.v1.Resource"]
        self.t_scope = numbers["opentelemetry.proto.common.v1.InstrumentationScope"]
        self.t_resources, self.t_scopes = numbers[of + "ResourceMetrics"], numbers[of + "ScopeMetrics"]
        self.t_metric, self.t_number = numbers[of + "Metric"], numbers[of + "NumberDataPoint"]
        self.t_buckets = numbers[of + "HistogramDataPoint"]
        self.t_exponential = numbers[of + "ExponentialHistogramDataPoint"]
        self.t_side = numbers[of + "ExponentialHistogramDataPoint.Buckets"]
        self.t_data = {
            GAUGE: numbers[of + "Gauge"], SUM: numbers[of + "Sum"], HISTOGRAM: numbers[of + "Histogram"],
            EXPONENTIAL_HISTOGRAM: numbers[of + "ExponentialHistogram"], SUMMARY: numbers[of + "Summary"],
        }
        self.contexts, self.series = Table(ROOM), Table(ROOM)
        self.scratch = np.zeros(1024, dtype=np.uint8)
        self.told_of = np.zeros(1024, dtype=np.uint8)
        self.told_at = np.zeros(SORTS + 2, dtype=np.int64)
        self.order = np.zeros(SORTS + 1, dtype=np.int32)
        self.form = np.zeros(1024, dtype=np.uint8)
        self.told = np.zeros(MOST_BUCKETS, dtype=np.uint64)
        self.limit_keys = np.full(LIMITS, -1, dtype=np.int64)
        self.limit_values = np.zeros(LIMITS, dtype=np.float64)
        self.limits = np.zeros(64, dtype=np.float64)
        self.grown = np.zeros(64, dtype=np.float64)
        self.kept = np.zeros(64, dtype=np.int32)
        self.kind = self.cumulative = np.zeros(0, dtype=np.uint8)
        self.values = np.zeros(0, dtype=np.float64)
        self._forget()
        self._more_points(64)
        self._more_values(256)

    @property
    def known(self):
        """
        How many series are known by the bytes of their attributes.
        """
        return self.series.n

    def walk(self, const unsigned char[::1] body):
        """
        The points of a body, with how many points it held, those left out by reason, and what was passed over; None
        where it was not read, and `outcome` says why.
        """
        cdef Reader r = reader_of(&body[0] if body.shape[0] else NULL, body.shape[0])
        self._begin()
        self._request(&r)
        if self.odd:
            self.reference += 1
        self.outcome = ODD if self.odd else BROKEN if r.fault else CROWDED if self.nodes > MOST else READ
        if self.outcome != READ:
            return None
        return self._points(), self.items, self._rejected(), self._noted()

    def columns(self, which):
        """
        The columns of these points of the last body.
        """
        return self._columns(self.codes_[self.arrays[SERIAL][which]].T.copy())

    # --- rows

    def asked(self):
        """
        Of the points of the last body those of which the memory of counters is to be asked, as `grown` wants them; None
        where there are none.
        """
        cdef Py_ssize_t i, j, k = 0, n = 0
        cdef int64_t[::1] serial, start, at, ends
        cdef double[::1] values
        if self.counted == 0:
            return None
        if self.counted == self.n:
            found = self._points()
            return found.identity, found.start_ns, found.at_ns, found.offsets, found.values
        told = [np.zeros(self.counted + 1, dtype=np.int64) for _ in range(4)]
        kept = np.empty(self.n_values, dtype=np.float64)
        serial, start, at, ends = told
        values = kept
        for i in range(self.n):
            if self._is_counted(i):
                serial[n] = self.serial[i]
                start[n] = self.start_ns[i]
                at[n] = self.at_ns[i]
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    values[k] = self.values[j]
                    k += 1
                n += 1
                ends[n] = k
        return self.identities_[told[0][:n]], told[1][:n], told[2][:n], told[3], kept[:k]

    def rows(self, growth):
        """
        The rows of the last body, given the growth of the points of `asked`: what `metric_rows.batches_of` makes of
        them, where no exponential histogram is cumulative. Also says how many points were left out for their weight.
        """
        cdef double run = 0.0
        cdef Py_ssize_t numbers, buckets, histograms
        self._settle(self.value_arrays[0][:0] if growth is None else growth)
        numbers = self._weigh_numbers(&run)
        buckets = self._weigh_buckets(&run, &histograms)
        found = []
        if numbers:
            found.append(self._number_rows(numbers))
        if buckets:
            found.append(self._bucket_rows(buckets))
        return found, self.n - numbers - histograms

    cdef bint _is_counted(self, Py_ssize_t i) except -1:
        return self.cumulative[i] and self.kind[i] != EXPONENTIAL

    cdef int _settle(self, const double[::1] growth) except -1:
        # The growth where one was asked for, else the value.
        cdef Py_ssize_t i, j, k = 0
        if self.grown.shape[0] < self.n_values:
            self.grown = np.zeros(2 * self.n_values, dtype=np.float64)
        if self.kept.shape[0] < self.n:
            self.kept = np.zeros(2 * self.n, dtype=np.int32)
        for i in range(self.n):
            if self._is_counted(i):
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    self.grown[j] = growth[k]
                    k += 1
            else:
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    self.grown[j] = self.values[j]
        return 0

    cdef bint _tells(self, Py_ssize_t i) except -1:
        # Whether a number is told as a value; else as a weight.
        cdef double number = self.grown[self.offsets[i]]
        if self.kind[i] == VALUE:
            return True
        return number != 0 and not (self.kind[i] == THINGS and number == floor(number))

    cdef Py_ssize_t _weigh_numbers(self, double* run) except -1:
        cdef Py_ssize_t i, n = 0
        for i in range(self.n):
            if self.kind[i] < BUCKETS:
                self.kept[i] = _bears(1.0 if self._tells(i) else self.grown[self.offsets[i]], run)
                n += self.kept[i]
        return n

    cdef Py_ssize_t _weigh_buckets(self, double* run, Py_ssize_t* histograms) except -1:
        # How many rows the histograms become, and which first: those that grew, and one where none did.
        cdef Py_ssize_t i, j, n = 0
        cdef int32_t rows
        cdef double total
        histograms[0] = 0
        for i in range(self.n):
            if self.kind[i] == BUCKETS:
                total = 0.0
                rows = 0
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    total += self.grown[j]
                    rows += self.grown[j] > 0
                self.kept[i] = max(rows, 1) if _bears(total, run) else 0
                n += self.kept[i]
                histograms[0] += self.kept[i] > 0
        return n

    cdef object _number_rows(self, Py_ssize_t n):
        cdef Py_ssize_t i, k = 0
        cdef double number
        cdef int64_t[::1] at, weight
        cdef double[::1] value
        cdef int32_t[:, ::1] codes
        out = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.float64)
        told = np.empty((self.attributes.width, n), dtype=np.int32)
        at, weight = out[0], out[1]
        value = out[2]
        codes = told
        for i in range(self.n):
            if self.kind[i] < BUCKETS and self.kept[i]:
                number = self.grown[self.offsets[i]]
                at[k] = self.at_ns[i]
                if self._tells(i):
                    weight[k] = 1
                    value[k] = number * self.times[i] / self.over[i]
                else:
                    weight[k] = <int64_t>number
                    value[k] = NAN
                self._codes(codes, k, i)
                k += 1
        return Batch(signal="metrics", at_ns=out[0], value=out[2], weight=out[1], columns=self._columns(told))

    cdef object _bucket_rows(self, Py_ssize_t n):
        cdef Py_ssize_t i, j, k = 0
        cdef bint any_
        cdef int64_t[::1] at, weight
        cdef double[::1] low, high
        cdef int32_t[:, ::1] codes
        out = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        limits = np.empty(n, dtype=np.float64), np.empty(n, dtype=np.float64)
        told = np.empty((self.attributes.width, n), dtype=np.int32)
        at, weight = out
        low, high = limits
        codes = told
        for i in range(self.n):
            if self.kind[i] == BUCKETS and self.kept[i]:
                any_ = False
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    any_ = any_ or self.grown[j] > 0
                for j in range(self.offsets[i], self.offsets[i + 1]):
                    if self.grown[j] > 0 or not any_:
                        at[k] = self.at_ns[i]
                        weight[k] = <int64_t>self.grown[j]
                        low[k] = self.low[j]
                        high[k] = self.high[j]
                        self._codes(codes, k, i)
                        k += 1
                        if not any_:
                            break
        return Batch(
            signal="metrics", at_ns=out[0], weight=out[1], columns=self._columns(told), low=limits[0], high=limits[1]
        )

    cdef int _codes(self, int32_t[:, ::1] out, Py_ssize_t row, Py_ssize_t point) except -1:
        cdef Py_ssize_t i
        for i in range(self.attributes.width):
            out[i, row] = self.codes[self.serial[point], i]
        return 0

    cdef dict _columns(self, object codes):
        return {
            name: Column(codes=codes[i], values=self.attributes.values[i])
            for i, name in enumerate(self.attributes.names)
        }

    # --- between bodies

    cdef int _begin(self) except -1:
        cdef Py_ssize_t i, bytes_known = self.series.used + self.contexts.used
        self.attributes.start()
        if max(self.series.n, self.contexts.n) > self.most_series or bytes_known > self.most_bytes:
            self.forgotten += 1
            self._forget()
        for i in range(self.attributes.width):
            if self.attributes.values[i] is not self.lexicons[i]:  # a column began anew: its codes mean nothing now
                self._forget()
                break
        self.odd = False
        self.nodes = self.items = 0
        self.n = self.n_values = self.counted = self.spreads = 0
        self.bad_time = self.bad_value = self.bad_histogram = self.bad_temporality = 0
        self.unsupported = self.passed = 0
        return 0

    cdef int _forget(self) except -1:
        cdef Py_ssize_t width = max(self.attributes.width, 1)
        self.contexts.clear()
        self.series.clear()
        self.lexicons = list(self.attributes.values)
        self.digests = []
        self.context_codes = np.zeros((16, width), dtype=np.int32)
        self.context_cuts = np.zeros(16, dtype=np.int64)
        self.scales = np.zeros((16, 2), dtype=np.float64)
        self.things = np.zeros(16, dtype=np.uint8)
        self._keep_series(np.zeros((64, width), dtype=np.int32), np.zeros((64, 16), dtype=np.uint8))
        self.cuts = np.zeros(64, dtype=np.int64)
        self.limit_starts = np.zeros(64, dtype=np.int64)
        self.n_limits = 0
        return 0

    cdef int _keep_series(self, object codes, object identities) except -1:
        self.codes_, self.identities_ = codes, identities
        self.codes, self.identities = codes, identities
        return 0

    # --- the walk

    cdef int _request(self, Reader* r) except -1:
        cdef const unsigned char* outer
        cdef uint32_t key
        while more(r):
            key = tag(r)
            if key == (1 << 3 | B) and self.nodes <= MOST:
                self.nodes += 1
                outer = enter(r)
                self._resources(r, DEEPEST - 1)
                leave(r, outer)
            else:
                self.schema.field(r, key, self.t_request, DEEPEST)
        return 0

    cdef int _resources(self, Reader* r, int depth) except -1:
        cdef const unsigned char* outer
        cdef View found
        cdef uint32_t key
        if not self._single(r, depth, &found):
            return 0
        self._resource(r, found, depth - 1)
        while more(r):
            key = tag(r)
            if key == (1 << 3 | B):
                view(r)
            elif key == (2 << 3 | B) and self.nodes <= MOST:
                self.nodes += 1
                outer = enter(r)
                self._scopes(r, depth - 1)
                leave(r, outer)
            else:
                self.schema.field(r, key, self.t_resources, depth)
        return 0

    cdef int _scopes(self, Reader* r, int depth) except -1:
        cdef const unsigned char* outer
        cdef View found
        cdef uint32_t key
        if not self._single(r, depth, &found):
            return 0
        self._scope(r, found, depth - 1)
        while more(r):
            key = tag(r)
            if key == (1 << 3 | B):
                view(r)
            elif key == (2 << 3 | B) and self.nodes <= MOST:
                self.nodes += 1
                outer = enter(r)
                self._metric(r, depth - 1)
                leave(r, outer)
            else:
                self.schema.field(r, key, self.t_scopes, depth)
        return 0

    cdef bint _single(self, Reader* r, int depth, View* found) except -1:
        # Field 1 of the message that r is in, which may come after what it belongs to; False where it comes twice, or
        # at a fault.
        cdef Reader look = r[0]
        cdef uint32_t key
        cdef int times = 0
        found.at = r.at
        found.n = 0
        while more(&look):
            key = tag(&look)
            if key == (1 << 3 | B):
                found[0] = view(&look)
                times += 1
            else:
                skip(&look, key, depth)
        if look.fault:
            fail(r)
        if times > 1:
            self.odd = True
            fail(r)
        return not r.fault

    cdef int _resource(self, Reader* r, View told, int depth) except -1:
        # The resource that what follows belongs to: known by its bytes, or read.
        cdef Py_ssize_t i, known = self.contexts.find(told, 1)
        cdef int64_t before = self.attributes.cuts
        cdef Reader inner = reading(told)
        cdef const unsigned char* began
        cdef uint32_t key
        if known >= 0:
            self.resource = known
            self._inherit(known, RESOURCE)
            return 0
        self.attributes.begin(RESOURCE)
        self.n_told = self.n_form = 0
        while more(&inner):
            key = tag(&inner)
            if key == (1 << 3 | B):
                began = inner.at
                self.attributes.attribute(&inner, RESOURCE, depth)
                if not inner.fault:
                    self._pair(began, inner.at)
            else:
                self.schema.field(&inner, key, self.t_resource, depth)
        if inner.fault:
            fail(r)
            return 0
        self._join()
        self.resource = self._context(told, 1, RESOURCE, blake2b(digest_size=16), self.attributes.cuts - before)
        return 0

    cdef int _scope(self, Reader* r, View told, int depth) except -1:
        cdef View empty, name, version
        cdef Reader inner = reading(told)
        cdef int64_t before = self.attributes.cuts
        cdef Py_ssize_t known
        cdef const unsigned char* began
        cdef uint32_t key
        empty.at = told.at
        empty.n = 0
        known = self.contexts.find(self._keyed(self.resource, told, empty), 2)
        if known >= 0:
            self.scope = known
            self._inherit(known, SCOPE)
            return 0
        name = version = empty
        self.attributes.begin(SCOPE)
        self.n_told = self.n_form = 0
        while more(&inner):
            key = tag(&inner)
            if key == (1 << 3 | B):
                name = text(&inner)
            elif key == (2 << 3 | B):
                version = text(&inner)
            elif key == (3 << 3 | B):
                began = inner.at
                self.attributes.attribute(&inner, SCOPE, depth)
                if not inner.fault:
                    self._pair(began, inner.at)
            else:
                self.schema.field(&inner, key, self.t_scope, depth)
        if inner.fault:
            fail(r)
            return 0
        self._text(name)
        self._text(version)
        self._join()
        digest = self.digests[self.resource].copy()
        self.scope = self._context(
            self._keyed(self.resource, told, empty), 2, SCOPE, digest, self.attributes.cuts - before
        )
        return 0

    cdef int _inherit(self, Py_ssize_t context, int level) except -1:
        cdef Py_ssize_t i
        for i in range(self.attributes.width):
            self.attributes.codes[level, i] = self.context_codes[context, i]
        self.attributes.cuts += self.context_cuts[context]
        return 0

    cdef Py_ssize_t _context(self, View key, int kind, int level, object digest, int64_t cuts) except -1:
        # One more context, under a key that is not known yet. `digest` is of what it is under, `form` what it adds.
        cdef Py_ssize_t i, new = self.contexts.intern(key, kind)
        if new != len(self.digests):
            raise RuntimeError("contexts and their table do not agree")
        if new >= self.context_codes.shape[0]:
            self.context_codes = _larger(self.context_codes)
            self.context_cuts = _larger(self.context_cuts)
            self.scales = _larger(self.scales)
            self.things = _larger(self.things)
        for i in range(self.attributes.width):
            self.context_codes[new, i] = self.attributes.codes[level, i]
        self.context_cuts[new] = cuts
        digest.update(self._formed())
        self.digests.append(digest)
        return new

    # --- metrics

    cdef int _metric(self, Reader* r, int depth) except -1:
        cdef View name, unit, data
        cdef uint32_t key
        cdef int field, kind = 0
        name.at = unit.at = data.at = r.at
        name.n = unit.n = data.n = 0
        while more(r):
            key = tag(r)
            field = <int>(key >> 3)
            if key == (1 << 3 | B):
                name = text(r)
            elif key == (3 << 3 | B):
                unit = text(r)
            elif key & 7 == B and (
                field == GAUGE or field == SUM or field == HISTOGRAM or field == EXPONENTIAL_HISTOGRAM
                or field == SUMMARY
            ):
                if kind:
                    self.odd = True
                    fail(r)
                    return 0
                kind = field
                data = view(r)
            else:
                self.schema.field(r, key, self.t_metric, depth)
        if r.fault or not kind:
            return 0
        if depth < 1:
            fail(r)
        elif kind == SUMMARY or self.wanted.find(name, 0) < 0:
            self._count(r, data, kind, depth - 1, self.wanted.find(name, 0) >= 0)
        else:
            self._data(r, data, kind, name, unit, depth - 1)
        return 0

    cdef int _count(self, Reader* r, View data, int kind, int depth, bint unsupported) except -1:
        # Points that nobody reads are counted, and must be well-formed all the same.
        cdef Reader inner = reading(data)
        cdef int type_ = self.t_data[kind]
        cdef int64_t seen = 0
        cdef uint32_t key
        while more(&inner):
            key = tag(&inner)
            if key == (1 << 3 | B):
                seen += 1
            self.schema.field(&inner, key, type_, depth)
        if inner.fault:
            fail(r)
        self.nodes += seen
        self.items += seen
        if unsupported:
            self.unsupported += seen
        return 0

    cdef int _data(self, Reader* r, View data, int kind, View name, View unit, int depth) except -1:
        cdef Reader look = reading(data)
        cdef Reader inner = reading(data)
        cdef Metric metric
        cdef const unsigned char* outer
        cdef int64_t seen = 0
        cdef int32_t temporality = 0
        cdef bint monotonic = False
        cdef int type_ = self.t_data[kind]
        cdef uint32_t key
        while more(&look):  # what is said of all points comes after them
            key = tag(&look)
            if key == (1 << 3 | B):
                view(&look)
                seen += 1
            elif key == (2 << 3 | V) and kind != GAUGE:
                temporality = <int32_t><uint32_t>varint(&look)
            elif key == (3 << 3 | V) and kind == SUM:
                monotonic = varint(&look) != 0
            else:
                self.schema.field(&look, key, type_, depth)
        self.nodes += seen
        self.items += seen
        if self.nodes > MOST:  # too many to be taken: they need only be well-formed
            self.schema.message(&inner, type_, depth)
            if inner.fault:
                fail(r)
            return 0
        if look.fault:
            fail(r)
            return 0
        metric.data = kind
        metric.bad = kind != GAUGE and temporality != 1 and temporality != 2
        metric.cumulative = temporality == 2 and not (kind == SUM and not monotonic)
        self._told(&metric, name, unit)
        if kind == GAUGE or (kind == SUM and not monotonic):
            metric.kind = VALUE
        elif kind == SUM:
            metric.kind = THINGS if self.things[metric.context] else AMOUNT
        else:
            metric.kind = EXPONENTIAL if kind == EXPONENTIAL_HISTOGRAM and metric.cumulative else BUCKETS
        while more(&inner):
            key = tag(&inner)
            if key == (1 << 3 | B):
                outer = enter(&inner)
                if kind == HISTOGRAM:
                    self._histogram(&inner, &metric, depth - 1)
                elif kind == EXPONENTIAL_HISTOGRAM:
                    self._exponential(&inner, &metric, depth - 1)
                else:
                    self._number(&inner, &metric, depth - 1)
                leave(&inner, outer)
            else:
                skip(&inner, key, depth)
        if inner.fault:
            fail(r)
        return 0

    cdef int _told(self, Metric* metric, View name, View unit) except -1:
        # What holds for all points of a metric.
        cdef int kind = 2 * metric.data + metric.cumulative
        cdef View written
        cdef bytes kind_of
        cdef Py_ssize_t known = self.contexts.find(self._keyed(self.scope, unit, name), kind)
        cdef int64_t before = self.attributes.cuts
        if known < 0:
            self.attributes.begin(ITEM)
            self.attributes.codes[ITEM, self.name] = self.attributes.words(self.name, name)
            self.n_form = 0
            self._text(name)
            self._text(unit)
            kind_of = _KINDS[metric.data]
            written.at = kind_of
            written.n = len(kind_of)
            self._text(written)
            digest = self.digests[self.scope].copy()
            known = self._context(
                self._keyed(self.scope, unit, name), kind, ITEM, digest, self.attributes.cuts - before
            )
            self.attributes.cuts = before  # it counts once for each point
            said = "" if unit.n == 0 else unit.at[:unit.n].decode("utf-8")
            scale = si(said)
            self.scales[known, 0] = scale.times
            self.scales[known, 1] = scale.over
            self.things[known] = counts_things(said)
        metric.context = known
        metric.times = self.scales[known, 0]
        metric.over = self.scales[known, 1]
        return 0

    # --- points

    cdef int _number(self, Reader* r, Metric* metric, int depth) except -1:
        cdef Point point
        cdef const unsigned char* began
        cdef uint32_t key
        cdef double number, scaled
        cdef Py_ssize_t series
        _blank(&point, r)
        while more(r):
            began = r.at
            key = tag(r)
            if key == (7 << 3 | B):
                self._run(r, &point, began)
            elif key == (3 << 3 | F):
                point.at = fixed64(r)
            elif key == (2 << 3 | F):
                point.start = fixed64(r)
            elif key == (4 << 3 | F):
                point.real = double_of(fixed64(r))
                point.told = 1
            elif key == (6 << 3 | F):
                point.whole = <int64_t>fixed64(r)
                point.told = 2
            elif key == (8 << 3 | V):
                point.flags = <uint32_t>varint(r)
            else:
                self.schema.field(r, key, self.t_number, depth)
        if r.fault or not self._timely(r, metric, &point, self.t_number, depth):
            return 0
        number = point.real if point.told == 1 else <double>point.whole
        scaled = number * metric.times / metric.over
        if point.told == 0 or not isfinite(scaled) or (metric.kind != VALUE and number < 0):
            self.bad_value += 1
            return self._check(r, &point, self.t_number, depth)
        series = self._series(r, metric, &point, 7, depth)
        if series < 0:
            return 0
        self._room(1)
        self.values[self.n_values] = number
        self.low[self.n_values] = 0.0
        self.high[self.n_values] = 0.0
        self.n_values += 1
        self._point(metric, &point, series)
        return 0

    cdef int _histogram(self, Reader* r, Metric* metric, int depth) except -1:
        cdef Point point
        cdef const unsigned char* began
        cdef uint32_t key
        cdef Py_ssize_t series, i, buckets, starts, k
        cdef Reader counts
        cdef uint64_t count
        _blank(&point, r)
        while more(r):
            began = r.at
            key = tag(r)
            if key == (9 << 3 | B):
                self._run(r, &point, began)
            elif key == (3 << 3 | F):
                point.at = fixed64(r)
            elif key == (2 << 3 | F):
                point.start = fixed64(r)
            elif key == (4 << 3 | F):
                point.count = fixed64(r)
            elif key == (6 << 3 | B):
                self._packed(r, &point.counts)
            elif key == (7 << 3 | B):
                self._packed(r, &point.bounds)
            elif key == (6 << 3 | F) or key == (7 << 3 | F):  # not packed
                self.odd = True
                fail(r)
            elif key == (10 << 3 | V):
                point.flags = <uint32_t>varint(r)
            else:
                self.schema.field(r, key, self.t_buckets, depth)
        if r.fault or not self._timely(r, metric, &point, self.t_buckets, depth):
            return 0
        if not _adds_up(&point):
            self.bad_histogram += 1
            return self._check(r, &point, self.t_buckets, depth)
        if point.counts.n == 0:
            point.bounds.n = 0
        series = self._series(r, metric, &point, 9, depth)
        if series < 0:
            return 0
        buckets = point.bounds.n // 8 + 1
        starts = self.limit_starts[series]
        self._room(buckets)
        counts = reading(point.counts)
        k = self.n_values
        for i in range(buckets):
            count = fixed64(&counts) if point.counts.n else point.count
            self.values[k + i] = <double>count
            self.low[k + i] = self.limits[starts + i - 1] if i else -INFINITY
            self.high[k + i] = self.limits[starts + i] if i < buckets - 1 else INFINITY
        self.n_values += buckets
        self._point(metric, &point, series)
        return 0

    cdef int _exponential(self, Reader* r, Metric* metric, int depth) except -1:
        cdef Point point
        cdef const unsigned char* began
        cdef const unsigned char* outer
        cdef uint32_t key
        cdef Py_ssize_t series
        cdef View positive, negative
        cdef bint sound
        _blank(&point, r)
        positive.at = negative.at = NULL
        positive.n = negative.n = 0
        while more(r):
            began = r.at
            key = tag(r)
            if key == (1 << 3 | B):
                self._run(r, &point, began)
            elif key == (3 << 3 | F):
                point.at = fixed64(r)
            elif key == (2 << 3 | F):
                point.start = fixed64(r)
            elif key == (4 << 3 | F):
                point.count = fixed64(r)
            elif key == (6 << 3 | V):
                point.scale = _zigzag(varint(r))
            elif key == (7 << 3 | F):
                point.zero = fixed64(r)
            elif key == (8 << 3 | B):
                self._once(r, &positive)
            elif key == (9 << 3 | B):
                self._once(r, &negative)
            elif key == (10 << 3 | V):
                point.flags = <uint32_t>varint(r)
            elif key == (14 << 3 | F):
                point.threshold = double_of(fixed64(r))
            else:
                self.schema.field(r, key, self.t_exponential, depth)
        if r.fault:
            return 0
        point.below = self._side(r, negative, 0, &point.low, depth)
        point.above = self._side(r, positive, point.below, &point.high, depth)
        if r.fault or not self._timely(r, metric, &point, self.t_exponential, depth):
            return 0
        if not self._spread(&point):
            self.bad_histogram += 1
            return self._check(r, &point, self.t_exponential, depth)
        series = self._series(r, metric, &point, 1, depth)
        if series < 0:
            return 0
        self._give(metric, &point)
        self._point(metric, &point, series)
        return 0

    cdef Py_ssize_t _side(self, Reader* r, View told, Py_ssize_t first, int32_t* offset, int depth) except -1:
        # The counts of one range into `told`, from `first` on; how many. What is too many is only counted.
        cdef Reader inner = reading(told)
        cdef const unsigned char* outer
        cdef uint32_t key
        cdef uint64_t count
        cdef Py_ssize_t n = 0
        cdef int packs = 0
        if told.at == NULL:
            return 0
        if depth < 1:
            fail(r)
            return 0
        while more(&inner):
            key = tag(&inner)
            if key == (1 << 3 | V):
                offset[0] = _zigzag(varint(&inner))
            elif key == (2 << 3 | B):
                packs += 1
                outer = enter(&inner)
                while more(&inner):
                    count = varint(&inner)
                    if first + n < MOST_BUCKETS:
                        self.told[first + n] = count
                    n += 1
                leave(&inner, outer)
            elif key == (2 << 3 | V):
                packs = 2
                varint(&inner)
            else:
                self.schema.field(&inner, key, self.t_side, depth - 1)
        if packs > 1:
            self.odd = True
        if inner.fault or self.odd:
            fail(r)
        return n

    cdef bint _spread(self, Point* point) except -1:
        # Whether it makes sense.
        cdef Py_ssize_t i, n = point.below + point.above
        cdef uint64_t sum_ = point.zero
        if n >= MOST_BUCKETS or point.scale < LEAST_SCALE or point.scale > MOST_SCALE:
            return False
        if not 0 <= point.threshold < INFINITY or point.zero >= TOO_BIG:
            return False
        point.threshold += 0.0  # there is no zero below zero
        for i in range(n):
            if self.told[i] >= TOO_BIG or sum_ + self.told[i] < sum_:
                return False
            sum_ += self.told[i]
        return sum_ == point.count

    cdef int _give(self, Metric* metric, Point* point) except -1:
        # The numbers of an exponential histogram, from its most negative bucket to its most positive.
        cdef Py_ssize_t i, k = self.n_values
        cdef Py_ssize_t n = point.below + 1 + point.above
        cdef double wide
        self._room(n + HEAD)
        if metric.cumulative:
            for i in range(HEAD):
                self.low[k + i] = self.high[k + i] = 0.0
            self.values[k] = point.scale
            self.values[k + 1] = point.threshold
            self.values[k + 2] = point.low
            self.values[k + 3] = point.below
            self.values[k + 4] = point.high
            self.values[k + 5] = point.above
            k += HEAD
        for i in range(point.below - 1, -1, -1):
            self.values[k] = <double>self.told[i]
            self._between(metric, point.scale, <int64_t>point.low + i, k)
            wide = self.low[k]
            self.low[k] = nextafter(-self.high[k], -INFINITY)
            self.high[k] = nextafter(-wide, -INFINITY)
            k += 1
        wide = point.threshold * metric.times / metric.over
        self.values[k] = <double>point.zero
        self.low[k] = nextafter(-wide, -INFINITY)
        self.high[k] = wide
        k += 1
        for i in range(point.above):
            self.values[k] = <double>self.told[point.below + i]
            self._between(metric, point.scale, <int64_t>point.high + i, k)
            k += 1
        self.n_values = k
        return 0

    cdef int _between(self, Metric* metric, int scale, int64_t index, Py_ssize_t k) except -1:
        # As `limits_of` says.
        cdef double low = self._limit(scale, index) * metric.times / metric.over
        cdef double high = self._limit(scale, index + 1) * metric.times / metric.over
        if not low < high:
            if high == 0:
                high = nextafter(0.0, INFINITY)
            low = nextafter(high, -INFINITY)
        self.low[k] = low
        self.high[k] = high
        return 0

    cdef double _limit(self, int scale, int64_t index) except? -1:
        cdef int64_t key = index * 64 + (scale - LEAST_SCALE)
        cdef Py_ssize_t slot = <Py_ssize_t>(fold(<uint64_t>key, <uint64_t>0x9E3779B97F4A7C15) & (LIMITS - 1))
        if self.limit_keys[slot] != key:
            self.limit_values[slot] = exponential.limit(scale, index)
            self.limit_keys[slot] = key
        return self.limit_values[slot]

    # --- what all points have

    cdef int _run(self, Reader* r, Point* point, const unsigned char* began) except -1:
        # One more attribute, which must follow the one before.
        view(r)
        if point.run.n == 0:
            point.run.at = began
        elif point.run.at + point.run.n != began:
            self.odd = True
            fail(r)
        if not r.fault:
            point.run.n = r.at - point.run.at
        return 0

    cdef int _packed(self, Reader* r, View* found) except -1:
        # Fixed numbers of 8 bytes, all in one piece.
        self._once(r, found)
        if found.n % 8:
            fail(r)
        return 0

    cdef int _once(self, Reader* r, View* found) except -1:
        if found.at != NULL:
            self.odd = True
            fail(r)
        else:
            found[0] = view(r)
        return 0

    cdef bint _timely(self, Reader* r, Metric* metric, Point* point, int type_, int depth) except -1:
        # Whether its numbers are to be looked at.
        if point.flags & 1:
            self.passed += 1
        elif point.at == 0 or point.at >= TOO_BIG or point.start > point.at:
            self.bad_time += 1
        elif metric.bad:
            self.bad_temporality += 1
        else:
            return True
        self._check(r, point, type_, depth)
        return False

    cdef int _check(self, Reader* r, Point* point, int type_, int depth) except -1:
        # Attributes that nobody reads must be well-formed all the same.
        cdef Reader inner = reading(point.run)
        self.schema.message(&inner, type_, depth)
        if inner.fault:
            fail(r)
        return 0

    cdef int _point(self, Metric* metric, Point* point, Py_ssize_t series) except -1:
        # The point whose numbers were just added.
        cdef Py_ssize_t n = self.n
        self.kind[n] = metric.kind
        self.cumulative[n] = metric.cumulative
        self.start_ns[n] = <int64_t>point.start
        self.at_ns[n] = <int64_t>point.at
        self.offsets[n + 1] = self.n_values
        self.times[n] = metric.times
        self.over[n] = metric.over
        self.serial[n] = series
        self.spreads += metric.kind == EXPONENTIAL
        self.counted += metric.cumulative and metric.kind != EXPONENTIAL
        self.n = n + 1
        return 0

    cdef Py_ssize_t _series(self, Reader* r, Metric* metric, Point* point, int field, int depth) except -2:
        # The series of a point: known by its bytes, or read; -1 where the point is left out, or at a fault.
        cdef Py_ssize_t known = self.series.find(self._keyed(metric.context, point.run, point.bounds), 0)
        if known < 0:
            return self._new(r, metric, point, field, depth)
        self.attributes.cuts += self.cuts[known]
        return known

    cdef Py_ssize_t _new(self, Reader* r, Metric* metric, Point* point, int field, int depth) except -2:
        cdef Reader inner = reading(point.run)
        cdef Py_ssize_t i, new, first = self.n_limits
        cdef int64_t before = self.attributes.cuts
        cdef const unsigned char* began
        self.n_told = self.n_form = 0
        if not self._rising(metric, point.bounds):
            self.bad_histogram += 1
            self._check(r, point, self.t_buckets, depth)
            return -1
        self.attributes.begin(ITEM)
        while more(&inner):
            tag(&inner)  # of an attribute, as all of the run
            began = inner.at
            self.attributes.attribute(&inner, ITEM, depth)
            if metric.cumulative and not inner.fault:
                self._pair(began, inner.at)
        if inner.fault:
            self.n_limits = first
            fail(r)
            return -1
        self.attributes.codes[ITEM, self.name] = self.context_codes[metric.context, self.name]
        self.attributes.cuts += self.context_cuts[metric.context]
        new = self.series.intern(self._keyed(metric.context, point.run, point.bounds), 0)
        if new >= self.codes.shape[0]:
            self._keep_series(_larger(self.codes), _larger(self.identities))
            self.cuts = _larger(self.cuts)
            self.limit_starts = _larger(self.limit_starts)
        for i in range(self.attributes.width):
            self.codes[new, i] = self.attributes.codes[ITEM, i]
        self.cuts[new] = self.attributes.cuts - before
        self.limit_starts[new] = first
        if metric.cumulative:
            self._name(metric, first, new)
        return new

    cdef int _name(self, Metric* metric, Py_ssize_t first, Py_ssize_t series) except -1:
        # The identity of a series, as `decode/identity.py` says.
        cdef bytes digest
        cdef Py_ssize_t i
        self._join()
        self._put32(<uint32_t>(self.n_limits - first))
        for i in range(first, self.n_limits):
            self._put64(bits_of(self.limits[i]))
        hashed = self.digests[metric.context].copy()
        hashed.update(self._formed())
        digest = hashed.digest()
        for i in range(16):
            self.identities[series, i] = <uint8_t>digest[i]
        return 0

    cdef bint _rising(self, Metric* metric, View bounds) except -1:
        # The limits of a histogram, in SI units, behind those that are known; False where they do not rise.
        cdef Reader inner = reading(bounds)
        cdef double last = -INFINITY
        cdef double limit
        cdef Py_ssize_t n = self.n_limits
        while more(&inner):
            limit = double_of(fixed64(&inner)) * metric.times / metric.over
            if not last < limit:
                return False
            if n >= self.limits.shape[0]:
                self.limits = _larger(self.limits)
            self.limits[n] = last = limit
            n += 1
        self.n_limits = n
        return True

    # --- canonical form

    cdef int _pair(self, const unsigned char* began, const unsigned char* ended) except -1:
        # One more attribute that was found well-formed (its length, then itself), in canonical form.
        cdef Reader r = reader_of(began, ended - began)
        cdef View whole = view(&r)
        cdef Reader inner = reading(whole)
        cdef View key
        cdef Any found
        cdef uint32_t field
        cdef bytes other
        key.at = whole.at
        key.n = 0
        found.kind = NOTHING
        while more(&inner):
            field = tag(&inner)
            if field == (1 << 3 | B):
                key = view(&inner)
            elif field == (2 << 3 | B):
                self.attributes.value(&inner, &found, DEEPEST)
                if found.kind == OTHER:
                    break
            else:
                skip(&inner, field, DEEPEST)
        self.n_form = 0
        if found.kind == OTHER:  # a list, a map, bytes
            other = canonical_attributes(PROTOBUF, [KeyValue.FromString(whole.at[:whole.n])])
            key.at = other
            key.n = len(other)
            self._put(key, 4)
        else:
            self._text(key)
            if found.kind == WORDS:
                self._put8(c"s")
                self._text(found.words)
            elif found.kind == TRUTH:
                self._put8(c"b")
                self._put8(1 if found.whole else 0)
            elif found.kind == WHOLE:
                self._put8(c"i")
                self._put64(<uint64_t>found.whole)
            elif found.kind == REAL:
                self._put8(c"d")
                self._put64(bits_of(found.real) if found.real == found.real else QUIET)
            else:
                self._put8(c"n")
        return self._keep()

    cdef int _keep(self) except -1:
        # What is in `form` becomes one more attribute.
        cdef int64_t start = self.told_at[self.n_told] if self.n_told else 0
        if start + self.n_form > self.told_of.shape[0]:
            self.told_of = _room(self.told_of, start + self.n_form)
        if self.n_told + 2 > self.told_at.shape[0]:
            self.told_at = _room(self.told_at, self.n_told + 2)
        # memcpy knows no bounds: both have room for n_form (it is not 0)
        memcpy(&self.told_of[start], &self.form[0], self.n_form)
        self.n_told += 1
        self.told_at[self.n_told] = start + self.n_form
        self.n_form = 0
        return 0

    cdef int _join(self) except -1:
        # The attributes, in order, behind what is in `form`.
        cdef Py_ssize_t i, j, n = self.n_told
        cdef int32_t moved
        cdef View one
        self._put32(<uint32_t>n)
        if n > SORTS:
            return self._join_many()
        for i in range(n):
            moved = <int32_t>i
            j = i
            while j > 0 and self._before(moved, self.order[j - 1]):
                self.order[j] = self.order[j - 1]
                j -= 1
            self.order[j] = moved
        for i in range(n):
            self._put(self._one(self.order[i]), 0)
        return 0

    cdef int _join_many(self) except -1:
        cdef View one
        cdef bytes told
        cdef list many = []
        cdef Py_ssize_t i
        for i in range(self.n_told):
            one = self._one(i)
            many.append(one.at[:one.n])
        many.sort()
        told = b"".join(many)
        one.at = told
        one.n = len(told)
        return self._put(one, 0)

    cdef View _one(self, Py_ssize_t i) except *:
        cdef View found
        cdef int64_t start = self.told_at[i] if i else 0
        found.at = &self.told_of[start]
        found.n = <Py_ssize_t>(self.told_at[i + 1] - start)
        return found

    cdef bint _before(self, Py_ssize_t i, Py_ssize_t j) except -1:
        cdef View one = self._one(i)
        cdef View two = self._one(j)
        cdef int differs = memcmp(one.at, two.at, min(one.n, two.n))
        return differs < 0 or (differs == 0 and one.n < two.n)

    cdef bytes _formed(self):
        return PyBytes_FromStringAndSize(<const char*>&self.form[0], self.n_form) if self.n_form else b""

    cdef int _text(self, View told) except -1:
        self._put32(<uint32_t>told.n)
        return self._put(told, 0)

    cdef int _put(self, View told, Py_ssize_t from_) except -1:
        cdef Py_ssize_t n = told.n - from_
        if n <= 0:
            return 0
        if self.n_form + n > self.form.shape[0]:
            self.form = _room(self.form, self.n_form + n)
        memcpy(&self.form[self.n_form], told.at + from_, n)
        self.n_form += n
        return 0

    cdef int _put8(self, uint8_t one) except -1:
        if self.n_form + 1 > self.form.shape[0]:
            self.form = _room(self.form, self.n_form + 1)
        self.form[self.n_form] = one
        self.n_form += 1
        return 0

    cdef int _put32(self, uint32_t one) except -1:
        cdef uint32_t little = _le32(<const unsigned char*>&one)
        cdef View told
        told.at = <const unsigned char*>&little
        told.n = sizeof(little)
        return self._put(told, 0)

    cdef int _put64(self, uint64_t one) except -1:
        cdef uint64_t little = _le64(<const unsigned char*>&one)
        cdef View told
        told.at = <const unsigned char*>&little
        told.n = sizeof(little)
        return self._put(told, 0)

    # --- keys

    cdef View _keyed(self, Py_ssize_t parent, View one, View two) except *:
        # A key of several parts: of what it is under, how long its first part is, the two parts.
        cdef View key
        cdef Head head
        key.n = KEEPS + one.n + two.n
        if key.n > self.scratch.shape[0]:
            self.scratch = np.zeros(2 * key.n, dtype=np.uint8)
        head.parent = <uint32_t>parent
        head.first = <uint32_t>one.n
        key.at = &self.scratch[0]
        # memcpy knows no bounds: there is room for KEEPS + both parts
        memcpy(&self.scratch[0], &head, KEEPS)
        if one.n > 0:
            memcpy(&self.scratch[KEEPS], one.at, one.n)
        if two.n > 0:
            memcpy(&self.scratch[KEEPS + one.n], two.at, two.n)
        return key

    # --- what was read

    cdef int _room(self, Py_ssize_t values) except -1:
        # For one more point with so many numbers.
        if self.n + 1 > self.kind.shape[0]:
            self._more_points(2 * self.kind.shape[0])
        if self.n_values + values > self.values.shape[0]:
            self._more_values(max(2 * self.values.shape[0], self.n_values + values))
        return 0

    cdef int _more_points(self, Py_ssize_t room) except -1:
        types = (np.uint8, np.uint8, np.int64, np.int64, np.int64, np.int64, np.float64, np.float64)
        fresh = [np.zeros(room + 1, dtype=one) for one in types]
        for i, old in enumerate(self.arrays or ()):
            fresh[i][: len(old)] = old
        self.arrays = fresh
        self.kind, self.cumulative, self.start_ns, self.at_ns, self.offsets, self.serial, self.times, self.over = fresh
        self.kind = fresh[0][:room]
        return 0

    cdef int _more_values(self, Py_ssize_t room) except -1:
        fresh = [np.zeros(room, dtype=np.float64) for _ in range(3)]
        for i, old in enumerate(self.value_arrays or ()):
            fresh[i][: len(old)] = old
        self.value_arrays = fresh
        self.values, self.low, self.high = fresh
        return 0

    cdef object _points(self):
        n = self.n
        kind, cumulative, start, at, offsets, serial, times, over = self.arrays  # SERIAL counts here
        values, low, high = (one[: self.n_values] for one in self.value_arrays)
        return metric_points.Points(
            kind=kind[:n],
            cumulative=cumulative[:n].view(np.bool_),
            start_ns=start[:n],
            at_ns=at[:n],
            offsets=offsets[: n + 1],
            values=values,
            low=low,
            high=high,
            identity=self.identities_[serial[:n]],
            times=times[:n],
            over=over[:n],
            columns=self.columns,
        )

    cdef dict _rejected(self):
        told = {
            "bad-time": self.bad_time, "bad-value": self.bad_value, "bad-histogram": self.bad_histogram,
            "bad-temporality": self.bad_temporality, "not-supported-yet": self.unsupported,
        }
        return {why: count for why, count in told.items() if count}

    cdef dict _noted(self):
        told = {"no-recorded-value": self.passed, "text-cut": self.attributes.cuts}
        return {what: count for what, count in told.items() if count}


cdef bint _bears(double weight, double* run) noexcept:
    # Whether a point of this weight is kept; `run` is what came before it.
    if not weight <= MOST_EACH:
        return False
    run[0] += weight
    return weight == 0 or run[0] <= MOST_ALL


cdef void _blank(Point* point, Reader* r) noexcept:
    point.start = point.at = point.count = point.zero = 0
    point.flags = 0
    point.told = 0
    point.real = point.threshold = 0.0
    point.whole = 0
    point.scale = point.low = point.high = 0
    point.below = point.above = 0
    point.run.at = r.at
    point.run.n = 0
    point.counts.at = point.bounds.at = NULL
    point.counts.n = point.bounds.n = 0


cdef bint _adds_up(Point* point) noexcept:
    # Whether an explicit histogram has as many buckets as its limits want, and as many counts as it says.
    cdef Reader counts = reading(point.counts)
    cdef uint64_t count, sum_ = 0
    if point.counts.n == 0:
        return point.count < TOO_BIG
    if point.counts.n != point.bounds.n + 8 or point.counts.n > 8 * MOST_BUCKETS:
        return False
    while more(&counts):
        count = fixed64(&counts)
        if count >= TOO_BIG or sum_ + count < sum_:
            return False
        sum_ += count
    return sum_ == point.count


cdef int32_t _zigzag(uint64_t told) noexcept:
    cdef uint32_t n = <uint32_t>told
    return <int32_t>((n >> 1) ^ (0 - (n & 1)))


cdef object _larger(part):
    old = np.asarray(part)
    fresh = np.zeros((2 * old.shape[0], *old.shape[1:]), dtype=old.dtype)
    fresh[: len(old)] = old
    return fresh


cdef object _room(part, Py_ssize_t n):
    # The part, with room for n and more.
    old = np.asarray(part)
    fresh = np.zeros(2 * n, dtype=old.dtype)
    fresh[: len(old)] = old
    return fresh
