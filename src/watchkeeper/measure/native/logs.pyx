# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""
Which observations does a body of OTLP log records in protobuf hold?

The compiled twin of the walk in `decode/otlp_logs.py`: the same rows and the same refusals, from bytes to columns
without a Python object for a record. As in `traces.pyx`, each resource and each scope is passed over twice.
"""

import numpy as np

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from watchkeeper.measure.decode import form
from watchkeeper.measure.decode.severity import severity

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from watchkeeper.measure.native.attributes cimport ITEM, NOTHING, RESOURCE, SCOPE, WHOLE, WORDS, Any, Attributes
from watchkeeper.measure.native.reader cimport (
    DEEPEST, Reader, View, enter, fixed64, leave, more, reader_of, reading, skip, tag, text, turned, varint, view,
)
from watchkeeper.measure.native.schema cimport Schema
from watchkeeper.measure.native.table cimport Table

cdef enum:
    IN_RESOURCE_LOGS = DEEPEST - 1    # how many levels may be opened below each message
    IN_SCOPE_LOGS = DEEPEST - 2
    IN_RESOURCE = DEEPEST - 2
    IN_SCOPE = DEEPEST - 3
    IN_RECORD = DEEPEST - 3
    NOT_YET = -2                      # a code
    NUMBERS = 25                      # severity numbers, 0 for none
    SEVERITIES = 1024                 # how many different texts of a severity are remembered
    LONGEST_SEVERITY = 64             # in bytes; beyond it nothing is remembered

cdef Py_ssize_t MOST_NODES = form.MOST_NODES
_TYPES = "opentelemetry.proto"


cdef class Records:
    """
    The rows of one body after the other. `names` are the columns.
    """

    cdef readonly Attributes attributes
    cdef readonly Py_ssize_t items
    cdef readonly int64_t bad_time
    cdef readonly object at, traces, codes      # of the last body; rows beyond the number of them mean nothing
    cdef Schema _schema
    cdef int _resource_logs, _resource, _scope_logs, _scope, _record
    cdef bint _wants_traces
    cdef Py_ssize_t _rows
    cdef Py_ssize_t _name, _severity, _severity_number, _said    # columns; -1 where not wanted
    cdef Table _severities                      # texts of severities
    cdef int32_t[::1] _by_text, _by_number      # their codes, in this body; NOT_YET
    cdef int64_t[::1] _at
    cdef uint64_t[:, ::1] _traces
    cdef int32_t[:, ::1] _codes

    def __init__(self, names, *, bint trace_ids):
        self._schema = Schema(ExportLogsServiceRequest.DESCRIPTOR)
        numbers = self._schema.numbers
        self._resource_logs = numbers[f"{_TYPES}.logs.v1.ResourceLogs"]
        self._resource = numbers[f"{_TYPES}.resource.v1.Resource"]
        self._scope_logs = numbers[f"{_TYPES}.logs.v1.ScopeLogs"]
        self._scope = numbers[f"{_TYPES}.common.v1.InstrumentationScope"]
        self._record = numbers[f"{_TYPES}.logs.v1.LogRecord"]
        own = ("name", "severity", "severity_number", "body")
        self.attributes = Attributes(names, self._schema, own=own)
        self._name, self._severity, self._severity_number, self._said = map(self.attributes.index, own)
        self._severities = Table(SEVERITIES)
        self._by_number = np.empty(NUMBERS, dtype=np.int32)
        self._by_text = np.empty(SEVERITIES, dtype=np.int32)
        self._wants_traces = trace_ids
        self._codes = np.empty((max(self.attributes.width, 1), 0), dtype=np.int32)

    def read(self, const unsigned char[::1] body):
        """
        How many rows the body gives (they are in `at`, `traces` and `codes`); -1 where it is not an
        ExportLogsServiceRequest, -2 where it holds too many items.
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
        # Resources, scopes and records; `items` are the records alone.
        cdef const unsigned char* all_
        cdef const unsigned char* resource
        cdef uint32_t field
        cdef Py_ssize_t nodes = 0, records = 0
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
                    skip(r, field, IN_RESOURCE_LOGS)
                    continue
                nodes += 1
                resource = enter(r)
                while more(r):
                    field = tag(r)
                    if field == (2 << 3 | 2):
                        records += 1
                    skip(r, field, IN_SCOPE_LOGS)
                leave(r, resource)
            leave(r, all_)
        self.items = records
        return nodes + records

    cdef int _start(self) except -1:
        self.attributes.start()
        self.bad_time = 0
        self._rows = 0
        self._severities.clear()
        self._by_number[:] = NOT_YET
        self.at = self._at = np.empty(self.items, dtype=np.int64)
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
                self._schema.field(&again, field, self._resource_logs, IN_RESOURCE_LOGS)
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
                skip(r, field, IN_RESOURCE_LOGS)
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
                self._schema.field(&again, field, self._scope_logs, IN_SCOPE_LOGS)
        if again.fault:
            r[0] = again
            return 0
        while more(r):
            field = tag(r)
            if field == (2 << 3 | 2):
                self._one(r)
            else:
                skip(r, field, IN_SCOPE_LOGS)
        return 0

    cdef int _one(self, Reader* r) except -1:
        cdef const unsigned char* outer = enter(r)
        cdef uint32_t field
        cdef uint64_t at = 0, observed = 0
        cdef int32_t number = 0
        cdef int64_t cuts = self.attributes.cuts
        cdef View name, severity_text, trace
        cdef Any said
        name.at = severity_text.at = trace.at = r.at
        name.n = severity_text.n = trace.n = 0
        said.kind = NOTHING
        self.attributes.begin(ITEM)
        while more(r):
            field = tag(r)
            if field == (6 << 3 | 2):
                self.attributes.attribute(r, ITEM, IN_RECORD)
            elif field == (5 << 3 | 2):
                self.attributes.value(r, &said, IN_RECORD)
            elif field == (1 << 3 | 1):
                at = fixed64(r)
            elif field == (11 << 3 | 1):
                observed = fixed64(r)
            elif field == (2 << 3 | 0):
                number = <int32_t>varint(r)
            elif field == (3 << 3 | 2):
                severity_text = text(r)
            elif field == (9 << 3 | 2):
                trace = view(r)
            elif field == (12 << 3 | 2):
                name = text(r)
            else:
                self._schema.field(r, field, self._record, IN_RECORD)
        leave(r, outer)
        if r.fault:
            return 0
        if at == 0:
            at = observed
        if not 0 < at < <uint64_t>1 << 63:
            self.bad_time += 1
            self.attributes.cuts = cuts
            return 0
        self._at[self._rows] = <int64_t>at
        if self._wants_traces and trace.n == 16:
            self._identify(trace)
        if self._name >= 0:
            self.attributes.codes[ITEM, self._name] = self.attributes.words(self._name, name) if name.n else -1
        if self._said >= 0:
            self.attributes.codes[ITEM, self._said] = (
                self.attributes.code(self._said, &said) if said.kind == WORDS else -1
            )
        if self._severity >= 0:
            self.attributes.codes[ITEM, self._severity] = self._severity_code(severity_text, number)
        if self._severity_number >= 0:
            self.attributes.codes[ITEM, self._severity_number] = self._number_code(number)
        self.attributes.give(self._codes, self._rows)
        self._rows += 1
        return 0

    cdef int _identify(self, View trace) except -1:
        cdef Reader r = reading(trace)
        self._traces[self._rows, 0] = turned(fixed64(&r))
        self._traces[self._rows, 1] = turned(fixed64(&r))
        return 0

    cdef int32_t _number_code(self, int32_t number) except -2:
        cdef Any said
        if number == 0:
            return -1
        said.kind, said.whole = WHOLE, number
        return self.attributes.code(self._severity_number, &said)

    cdef int32_t _severity_code(self, View words, int32_t number) except -2:
        # Capitals are Python's business: each text goes there once for each body.
        cdef Py_ssize_t i
        cdef int32_t code
        if words.n == 0:
            if not 0 < number < NUMBERS:
                return -1
            if self._by_number[number] == NOT_YET:
                self._by_number[number] = self.attributes.put(self._severity, severity("", number))
            return self._by_number[number]
        i = self._severities.find(words, 0)
        if i >= 0:
            return self._by_text[i]
        code = self.attributes.put(self._severity, severity(words.at[:words.n].decode("utf-8"), number))
        if words.n <= LONGEST_SEVERITY:
            i = self._severities.intern(words, 0)
            if i >= 0:
                self._by_text[i] = code
        return code
