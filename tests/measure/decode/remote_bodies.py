"""
Bodies of remote-write for tests: made by hand, made up, and bent.
"""

import random
import struct

from watchkeeper.measure.decode.remote_heard import Heard
from watchkeeper.measure.decode.remote_protobuf import WriteRequest

S = 10**9
NOW = 1_800_000_000 * S
NOW_MS = NOW // 1_000_000
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]

WANTED = ("jobs_total", "load", "wait_seconds", "took_milliseconds", "wait_seconds_bucket", "cpu_seconds_total")
ATTRIBUTES = ("queue", "http.route", "status", "name")


def series(request, name, *samples, **labels):
    """
    One more series: samples as (seconds since NOW, value), labels in the order of their names.
    """
    told = request.timeseries.add()
    for key, value in sorted({"__name__": name, **labels}.items()):
        told.labels.add(name=key.encode(), value=str(value).encode())
    for at, value in samples:
        told.samples.add(timestamp=NOW_MS + round(at * 1000), value=value)
    return told


def body(*told, metadata=()):
    """
    A request of such series: each as (name, samples, labels).
    """
    request = WriteRequest()
    for name, samples, labels in told:
        series(request, name, *samples, **labels)
    for family, kind, unit in metadata:
        request.metadata.add(family=family.encode(), type=kind, unit=unit.encode())
    return request.SerializeToString()


NAMES = [*WANTED, "wait_seconds_count", "up", "took_milliseconds_bucket", "load_bucket", ""]
KEYS = [
    "queue",
    "queue_of",
    "q",
    "http_route",
    "http.route",
    "status",
    "http_status_code",
    "le",
    "cluster",
    "__replica__",
    "name",
    "",
    "é",
    "z",
]
TEXTS = ["", "a", "mail", "/", "500", "0.5", "+Inf", "1e3", "nan", "é" * 3, "x" * 1024, "x" * 1025 + "é", "ü" * 1025]
VALUES = [0.0, 1.0, 2.0, 7.5, 100.0, -1.0, STALE, float("nan"), float("inf"), 1e308, 2.0**41, 2.0**53]


class MadeUp:
    """
    Requests from a small world, so that series meet again.
    """

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def series(self, told):
        chance = self.chance
        if chance.random() < 0.92:
            told.labels.add(name=b"__name__", value=chance.choice(NAMES).encode())
        for _ in range(chance.choice([0, 1, 2, 3, 5])):
            told.labels.add(name=chance.choice(KEYS).encode(), value=chance.choice(TEXTS).encode())
        if chance.random() < 0.03:
            told.labels.add(name=b"\xff", value=b"a")
        if chance.random() < 0.03:
            told.labels.add(name=b"raw", value=b"\xed\xa0\x80")
        if chance.random() < 0.02:
            for number in range(chance.choice([127, 128, 129, 140])):
                told.labels.add(name=f"l{number}".encode(), value=b"a")
        if chance.random() < 0.01:
            told.labels.add(name=b"long", value=b"a" * chance.choice([65_400, 65_536, 70_000]))
        if chance.random() < 0.3:
            labels = sorted(told.labels, key=lambda label: label.name)
            del told.labels[:]
            told.labels.extend(labels)
        for _ in range(chance.choice([0, 1, 1, 1, 2, 4])):
            at = chance.choice([0, -1, 60_000, 60_001, *range(-20, 20)])
            told.samples.add(timestamp=NOW_MS + at, value=chance.choice(VALUES))
        if chance.random() < 0.05:
            told.samples.add(timestamp=chance.choice([0, -5, 2**62, 9_223_372_036_854]), value=1.0)
        if chance.random() < 0.1:
            told.exemplars.append(b"not looked at")
        if chance.random() < 0.1:
            told.histograms.append(b"nor this")

    def request(self, most=6):
        chance, request = self.chance, WriteRequest()
        for _ in range(chance.randint(0, most)):
            self.series(request.timeseries.add())
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            family = chance.choice(["jobs", "jobs_total", "load", "wait_seconds", "up", "took_milliseconds"])
            request.metadata.add(
                family=family.encode(), type=chance.randint(-1, 9), unit=chance.choice([b"", b"ms", b"\xff"])
            )
        return request

    def bent(self, raw):
        """
        The bytes with a few changes: bits, bytes, cuts, pieces twice, odd varints, groups, unknown fields.
        """
        chance, bent = self.chance, bytearray(raw)
        for _ in range(chance.choice([1, 1, 1, 2, 5])):
            at = chance.randint(0, len(bent))
            what = chance.randrange(7)
            if what == 0 and at < len(bent):
                bent[at] ^= 1 << chance.randrange(8)
            elif what == 1:
                del bent[at:]
            elif what == 2:
                bent[at:at] = bent[max(0, at - chance.randint(0, 30)) : at]
            elif what == 3:
                bent[at:at] = chance.choice(ODD)
            elif what == 4 and at < len(bent):
                bent[at] = chance.choice([0, 1, 2, 3, 4, 5, 8, 9, 0x0A, 0x10, 0x12, 0x7F, 0x80, 0xFF])
            elif what == 5:
                del bent[at : at + chance.randint(1, 4)]
            else:
                bent[at:at] = chance.randbytes(chance.randint(1, 4))
        return bytes(bent)


#: Pieces that a decoder may take in more than one way.
ODD = [
    b"\x00", b"\x03\x04", b"\x0b\x0c", b"\x7b\x7c", b"\x7b\x00\x00\x7c", b"\x7b\x03\x04\x7c", b"\x8a\x00\x00",
    b"\x8a\x80\x80\x80\x00\x00", b"\x8a\x80\x80\x80\x80\x00\x00", b"\x0a\x80\x00", b"\x0a\x80\x80\x80\x80\x00",
    b"\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", b"\x06", b"\x07", b"\x0d\x00\x00\x00\x00", b"\x08\x01",
    b"\x7b" * 100 + b"\x7c" * 100, b"\x7b" * 98 + b"\x7c" * 98, b"\x0a\x00", b"\x12\x00", b"\x1a\x00", b"\x22\x00",
    b"\xf8\xff\xff\xff\x0f\x00", b"\xf8\xff\xff\xff\x1f\x00",
]  # fmt: skip


def view(found, hearing):
    """
    What was heard, as plain values: equal where the samples are. (That a series is not remembered is the business of
    whoever remembers.)
    """
    if not isinstance(found, Heard):
        return found
    told = []
    for samples in (found.numbers, found.buckets):
        columns = [
            [None if code < 0 else values[code] for code in samples.codes[:, i].tolist()]
            for i, values in enumerate(hearing.values)
        ]
        told.append(
            (
                samples.identities.tobytes(), samples.at_ns.tolist(), samples.values.tolist(), samples.metric.tolist(),
                samples.wire.tolist(), repr(samples.limits.tolist()), columns,
            )
        )  # fmt: skip
    return (
        told,
        found.items,
        found.replica,
        found.metadata,
        dict(found.rejected),
        {reason: n for reason, n in found.noted.items() if reason != "series-overflow"},
    )
