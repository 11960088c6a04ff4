# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which observations does a body of OTLP spans in protobuf hold?

The compiled twin of the walk in `decode/otlp_traces.py`: the same rows and the same refusals, from bytes to columns
without a Python object for a span. A message may come in pieces and in any order, so each resource and each scope is
passed over twice: for what its spans inherit, then for the spans.
"""

import numpy as np

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.measure.decode import form
from watchkeeper.measure.decode.sampling import weight_of
from watchkeeper.measure.names import SPAN_KINDS

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from watchkeeper.measure.native.attributes cimport ITEM, RESOURCE, SCOPE, Attributes
from watchkeeper.measure.native.reader cimport (
    DEEPEST, Reader, View, enter, fixed64, leave, more, reader_of, reading, skip, tag, text, turned, varint, view,
)
from watchkeeper.measure.native.schema cimport Schema
from watchkeeper.measure.native.table cimport Table

cdef enum:
    IN_RESOURCE_SPANS = DEEPEST - 1   # how many levels may be opened below each message
    IN_SCOPE_SPANS = DEEPEST - 2
    IN_RESOURCE = DEEPEST - 2
    IN_SCOPE = DEEPEST - 3
    IN_SPAN = DEEPEST - 3
    IN_STATUS = DEEPEST - 4
    ERROR = 2                         # Status.STATUS_CODE_ERROR
    UNREADABLE = -1                   # a weight
    NOT_YET = -2                      # a code
    STATES = 4096                     # how many different tracestates are remembered
    LONGEST_STATE = 512               # W3C: what a receiver must be able to pass on

cdef Py_ssize_t MOST_NODES = form.MOST_NODES
cdef int64_t MOST_SAMPLED = form.MOST_SAMPLED
_TYPES = "opentelemetry.proto"


cdef class Spans:
    """
    The rows of one body after the other. `names` are the columns but `duration`, which the caller makes of `took`.
    """

    cdef readonly Attributes attributes
    cdef readonly Py_ssize_t items
    cdef readonly int64_t bad_time, bad_weight, bad_threshold
    cdef readonly object at, took, weight, traces, codes    # of the last body; rows beyond the number of them mean nothing
    cdef Schema _schema
    cdef int _resource_spans, _resource, _scope_spans, _scope, _span, _status
    cdef bint _wants_traces
    cdef Py_ssize_t _rows
    cdef Py_ssize_t _name, _kind, _error                    # columns; -1 where not wanted
    cdef int32_t[::1] _kinds, _errors                       # codes in this body
    cdef Table _states
    cdef int64_t[::1] _weights                              # by number of the tracestate
    cdef int64_t[::1] _at, _took, _weight
    cdef uint64_t[:, ::1] _traces
    cdef int32_t[:, ::1] _codes

    def __init__(self, names, *, bint trace_ids):
        self._schema = Schema(ExportTraceServiceRequest.DESCRIPTOR)
        numbers = self._schema.numbers
        self._resource_spans = numbers[f"{_TYPES}.trace.v1.ResourceSpans"]
        self._resource = numbers[f"{_TYPES}.resource.v1.Resource"]
        self._scope_spans = numbers[f"{_TYPES}.trace.v1.ScopeSpans"]
        self._scope = numbers[f"{_TYPES}.common.v1.InstrumentationScope"]
        self._span = numbers[f"{_TYPES}.trace.v1.Span"]
        self._status = numbers[f"{_TYPES}.trace.v1.Status"]
        self.attributes = Attributes(names, self._schema, own=("name", "kind", "error"))
        self._name, self._kind, self._error = map(self.attributes.index, ("name", "kind", "error"))
        self._kinds = np.empty(max(SPAN_KINDS) + 1, dtype=np.int32)
        self._errors = np.empty(2, dtype=np.int32)
        self._states = Table(STATES)
        self._weights = np.empty(STATES, dtype=np.int64)
        self._wants_traces = trace_ids
        self._codes = np.empty((max(self.attributes.width, 1), 0), dtype=np.int32)

    def read(self, const unsigned char[::1] body):
        """
        How many rows the body gives (they are in `at`, `took`, `weight`, `traces` and `codes`); -1 where it is not an
        ExportTraceServiceRequest, -2 where it holds too many items.
        """
        cdef Reader r = reader_of(&body[0] if body.shape[0] else NULL, body.shape[0])
        cdef Reader again = r
        cdef Py_ssize_t nodes = self._counted(&again)
        if again.fault:
            return -1
        if nodes > MOST_NODES:
            again = r
            self._schema.message(&again, 0, DEEPEST)
            return -1 if again.fault else -2
        self._start()
        self.attributes.over(&r)
        self._body(&r)
        return -1 if r.fault else self._rows

    cdef Py_ssize_t _counted(self, Reader* r) except -1:
        # Resources, scopes and spans; `items` are the spans alone.
        cdef const unsigned char* all_
        cdef const unsigned char* resource
        cdef uint32_t field
        cdef Py_ssize_t nodes = 0, spans = 0
        while more(r):
            field = tag(r)
            if field != (1 << 3 | 2):
                skip(r, field, DEEPEST)
                continue
            nodes += 1
            all_ = enter(r)
            while more(r):
                field = tag(r)
                if field != (2 << 3 | 2):
                    skip(r, field, IN_RESOURCE_SPANS)
                    continue
                nodes += 1
                resource = enter(r)
                while more(r):
                    field = tag(r)
                    if field == (2 << 3 | 2):
                        spans += 1
                    skip(r, field, IN_SCOPE_SPANS)
                leave(r, resource)
            leave(r, all_)
        self.items = spans
        return nodes + spans

    cdef int _start(self) except -1:
        self.attributes.start()
        self.bad_time = self.bad_weight = self.bad_threshold = 0
        self._rows = 0
        self._kinds[:] = NOT_YET
        self._errors[:] = NOT_YET
        self.at = self._at = np.empty(self.items, dtype=np.int64)
        self.took = self._took = np.empty(self.items, dtype=np.int64)
        self.weight = self._weight = np.empty(self.items, dtype=np.int64)
        self.traces = self._traces = np.zeros((self.items if self._wants_traces else 0, 2), dtype=np.uint64)
        self.codes = self._codes = np.empty((self._codes.shape[0], self.items), dtype=np.int32)
        return 0

    cdef int _body(self, Reader* r) except -1:
        cdef const unsigned char* outer
        cdef uint32_t field
        while more(r):
            field = tag(r)
            if field == (1 << 3 | 2):
                outer = enter(r)
                self._resource_part(r)
                leave(r, outer)
            else:
                self._schema.field(r, field, 0, DEEPEST)
        return 0

    cdef int _resource_part(self, Reader* r) except -1:
        cdef const unsigned char* outer
        cdef Reader again = r[0]
        cdef uint32_t field
        self.attributes.begin(RESOURCE)
        while more(&again):
            field = tag(&again)
            if field == (1 << 3 | 2):
                outer = enter(&again)
                while more(&again):
                    field = tag(&again)
                    if field == (1 << 3 | 2):
                        self.attributes.attribute(&again, RESOURCE, IN_RESOURCE)
                    else:
                        self._schema.field(&again, field, self._resource, IN_RESOURCE)
                leave(&again, outer)
            elif field == (2 << 3 | 2):
                view(&again)
            else:
                self._schema.field(&again, field, self._resource_spans, IN_RESOURCE_SPANS)
        if again.fault:
            r[0] = again
            return 0
        while more(r):
            field = tag(r)
            if field == (2 << 3 | 2):
                outer = enter(r)
                self._scope_part(r)
                leave(r, outer)
            else:
                skip(r, field, IN_RESOURCE_SPANS)
        return 0

    cdef int _scope_part(self, Reader* r) except -1:
        cdef const unsigned char* outer
        cdef Reader again = r[0]
        cdef uint32_t field
        self.attributes.begin(SCOPE)
        while more(&again):
            field = tag(&again)
            if field == (2 << 3 | 2):
                view(&again)
            elif field == (1 << 3 | 2):
                outer = enter(&again)
                while more(&again):
                    field = tag(&again)
                    if field == (3 << 3 | 2):
                        self.attributes.attribute(&again, SCOPE, IN_SCOPE)
                    else:
                        self._schema.field(&again, field, self._scope, IN_SCOPE)
                leave(&again, outer)
            else:
                self._schema.field(&again, field, self._scope_spans, IN_SCOPE_SPANS)
        if again.fault:
            r[0] = again
            return 0
        while more(r):
            field = tag(r)
            if field == (2 << 3 | 2):
                self._one(r)
            else:
                skip(r, field, IN_SCOPE_SPANS)
        return 0

    cdef int _one(self, Reader* r) except -1:
        cdef const unsigned char* outer = enter(r)
        cdef const unsigned char* in_status
        cdef uint32_t field
        cdef uint64_t start = 0, end = 0
        cdef int32_t kind = 0, status = 0
        cdef int64_t weight, cuts = self.attributes.cuts
        cdef View name, state, trace
        name.at = state.at = trace.at = r.at
        name.n = state.n = trace.n = 0
        self.attributes.begin(ITEM)
        while more(r):
            field = tag(r)
            if field == (9 << 3 | 2):
                self.attributes.attribute(r, ITEM, IN_SPAN)
            elif field == (1 << 3 | 2):
                trace = view(r)
            elif field == (2 << 3 | 2) or field == (4 << 3 | 2):
                view(r)
            elif field == (3 << 3 | 2):
                state = text(r)
            elif field == (5 << 3 | 2):
                name = text(r)
            elif field == (6 << 3 | 0):
                kind = <int32_t>varint(r)
            elif field == (7 << 3 | 1):
                start = fixed64(r)
            elif field == (8 << 3 | 1):
                end = fixed64(r)
            elif field == (15 << 3 | 2):
                in_status = enter(r)
                while more(r):
                    field = tag(r)
                    if field == (3 << 3 | 0):
                        status = <int32_t>varint(r)
                    else:
                        self._schema.field(r, field, self._status, IN_STATUS)
                leave(r, in_status)
            else:
                self._schema.field(r, field, self._span, IN_SPAN)
        leave(r, outer)
        if r.fault:
            return 0
        if not (0 < start <= end < <uint64_t>1 << 63):
            self.bad_time += 1
            self.attributes.cuts = cuts
            return 0
        weight = self._weighed(state) if state.n else 1
        if weight > MOST_SAMPLED:
            self.bad_weight += 1
            self.attributes.cuts = cuts
            return 0
        if weight == UNREADABLE:
            self.bad_threshold += 1
            weight = 1
        self._at[self._rows] = <int64_t>end
        self._took[self._rows] = <int64_t>(end - start)
        self._weight[self._rows] = weight
        if self._wants_traces and trace.n == 16:
            self._identify(trace)
        if self._name >= 0:
            self.attributes.codes[ITEM, self._name] = self.attributes.words(self._name, name)
        if self._kind >= 0:
            self.attributes.codes[ITEM, self._kind] = self._kind_code(kind)
        if self._error >= 0:
            self.attributes.codes[ITEM, self._error] = self._error_code(status == ERROR)
        self.attributes.give(self._codes, self._rows)
        self._rows += 1
        return 0

    cdef int _identify(self, View trace) except -1:
        cdef Reader r = reading(trace)
        self._traces[self._rows, 0] = turned(fixed64(&r))
        self._traces[self._rows, 1] = turned(fixed64(&r))
        return 0

    cdef int32_t _kind_code(self, int32_t kind) except -2:
        if not 0 < kind < self._kinds.shape[0]:
            return -1
        if self._kinds[kind] == NOT_YET:
            self._kinds[kind] = self.attributes.put(self._kind, SPAN_KINDS.get(kind))
        return self._kinds[kind]

    cdef int32_t _error_code(self, bint error) except -2:
        if self._errors[error] == NOT_YET:
            self._errors[error] = self.attributes.put(self._error, bool(error))
        return self._errors[error]

    cdef int64_t _weighed(self, View state) except -2:
        # What a tracestate says; each is read by Python once, as long as it is remembered.
        cdef Py_ssize_t i = self._states.find(state, 0)
        cdef int64_t weight
        if i >= 0:
            return self._weights[i]
        found = weight_of(state.at[:state.n].decode("utf-8"))
        weight = UNREADABLE if found is None else found
        if state.n > LONGEST_STATE:
            return weight
        if self._states.n >= STATES:
            self._states.clear()
        i = self._states.intern(state, 0)
        self._weights[i] = weight
        return weight
