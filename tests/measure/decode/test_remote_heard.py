"""
Does the compiled walk over remote-write hear what the reference hears?
"""

from typing import Any

import pytest

from tests.measure.decode.remote_bodies import ATTRIBUTES, NOW, ODD, WANTED, MadeUp, body, series, view
from tests.measure.native.guard import Guard
from watchkeeper.measure.decode.form import MOST_NODES
from watchkeeper.measure.decode.remote_heard import Heard, Hearing
from watchkeeper.measure.decode.remote_names import Names
from watchkeeper.measure.decode.remote_protobuf import WriteRequest
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.values import Rejection

part: Any = native("remote_write")
pytestmark = pytest.mark.skipif(part is None, reason="the extension is not built")


class Both:
    """
    The reference and the compiled walk, side by side, the body of the latter against a closed page.
    """

    def __init__(self, guard):
        self.names = Names(WANTED)
        attributes = sorted(set(ATTRIBUTES) - {"name"})
        self.reference, self.ours, self.guard = (
            Hearing(attributes, self.names),
            part.Hearing(attributes, self.names),
            guard,
        )

    def hear(self, raw):
        found = view(self.ours.read(self.guard.put(raw), NOW), self.ours)
        assert found == view(self.reference.read(raw, NOW), self.reference), raw
        return found

    def tell(self, metadata):
        told = [
            self.names.tell(family.decode("utf-8", "replace"), kind, unit.decode("utf-8", "replace"))
            for family, kind, unit in metadata
        ]
        if any(told):
            self.ours.renew()
            self.reference.renew()


@pytest.fixture(scope="module")
def guard():
    with Guard(4 * 2**20) as room:
        yield room


@pytest.fixture
def both(guard):
    return Both(guard)


def fuzzed(guard, seed, bodies):
    made, both, taken = MadeUp(seed), Both(guard), 0
    for number in range(bodies):
        raw = made.request().SerializeToString()
        if number % 3:
            raw = made.bent(raw)
        found = both.hear(raw)
        if not isinstance(found, Rejection):
            taken += 1
            if number % 50 == 0:
                both.tell(found[3])
    return taken


@pytest.mark.parametrize("seed", range(15))
def test_both_walks_hear_the_same(guard, seed):
    assert fuzzed(guard, seed, 1500) > 600


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_both_walks_hear_the_same_for_long(guard, seed):
    fuzzed(guard, seed, 4000)


def sound():
    request = WriteRequest()
    series(request, "jobs_total", (0, 5.0), (1, 6.0), queue="mail").exemplars.append(b"e")
    series(request, "wait_seconds_bucket", (0, 5.0), le="0.5", route="/")
    request.metadata.add(family=b"jobs_total", type=1, unit=b"s")
    return request.SerializeToString()


def test_every_cut_of_a_body_is_taken_or_refused_alike(both):
    raw = sound()
    for end in range(len(raw) + 1):
        both.hear(raw[:end])


def test_every_flipped_bit_is_taken_or_refused_alike(both):
    raw = sound()
    for bit in range(8 * len(raw)):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        both.hear(bytes(bent))


@pytest.mark.parametrize("odd", ODD)
def test_odd_pieces_anywhere_are_taken_or_refused_alike(both, odd):
    raw = sound()
    for at in range(len(raw) + 1):
        both.hear(raw[:at] + odd + raw[at:])


def within(*levels):
    """
    A message of fields, each a level deeper: the last is what the innermost holds.
    """
    *tags, inner = levels
    for tag in reversed(tags):
        inner = bytes([tag << 3 | 2, *varint(len(inner))]) + inner
    return inner


def varint(n, width=0):
    out: list[int] = []
    while n > 127 or len(out) + 1 < width:
        out.append(n & 127 | 128)
        n >>= 7
    return [*out, n]


@pytest.mark.parametrize("levels", [(), (1,), (1, 1), (1, 2), (3,), (1, 3), (1, 4)], ids=str)
def test_groups_nest_as_deep_and_no_deeper(both, levels):
    for number in (0, 1, 5, 15):
        for deep in (1, 2, 96, 97, 98, 99, 100, 101, 102):
            both.hear(
                within(
                    *levels,
                    bytes([15 << 3 | 3])
                    + bytes([number << 3 | 3]) * (deep - 1)
                    + bytes([number << 3 | 4]) * (deep - 1)
                    + bytes([15 << 3 | 4]),
                )
            )


@pytest.mark.parametrize("levels", [(), (1,), (1, 1), (1, 2), (3,)], ids=str)
def test_every_field_number_and_wire_type_is_taken_or_refused_alike(both, levels):
    for tag in [*range(64), 2**31 - 8, 2**32 - 8, 2**32 - 1, 2**32, 2**35 - 8]:
        for width in range(1, 7):
            for rest in (b"", b"\0", b"\0" * 4, b"\0" * 8, b"\1\0", bytes([tag & 0x78 | 4])):
                both.hear(within(*levels, bytes(varint(tag, width)) + rest))


@pytest.mark.parametrize("levels", [(1,), (1, 1), (1, 2), (3,), (1, 3)], ids=str)
def test_lengths_and_numbers_of_any_width_are_taken_or_refused_alike(both, levels):
    for value in (0, 1, 127, 128, 2**31 - 1, 2**31, 2**32, 2**63, 2**64 - 1, 2**65):
        for width in range(1, 13):
            both.hear(within(*levels, bytes([2 << 3, *varint(value, width)])))
            both.hear(within(*levels, bytes([1 << 3 | 2, *varint(value, width)]) + b"\0" * 20))


def test_labels_apart_and_in_any_order_are_the_same_series(both):
    first, second = within(1, b"\x0a\x08__name__\x12\x04load"), within(1, b"\x0a\x05queue\x12\x01a")
    sample = within(2, b"\x09" + bytes(7) + b"\x40\x10" + bytes(varint(1_800_000_000_000)))
    orders = [
        first + second + sample,
        second + first + sample,
        first + sample + second,
        sample + second + b"\x98\1\0" + first,
    ]
    heard = [both.hear(within(1, order)) for order in orders for _ in range(2)]
    assert all(one == heard[0] for one in heard)
    assert heard[0][0][0][3] == [WANTED_SORTED.index("load")]


WANTED_SORTED = sorted(WANTED)


def test_a_body_of_too_many_is_refused_but_a_broken_one_first(both):
    many = b"\x0a\x00" * (MOST_NODES + 1)
    assert both.hear(many).status == 413
    assert both.hear(many + b"\x0a\x02\x0a\x07").status == 400
    assert both.hear(many + within(1, 1, b"\x0a\x7f")).status == 400
    assert both.hear(b"\x0a\x00" * MOST_NODES)[1] == 0
    assert both.hear(b"\x1a\x00" * (MOST_NODES + 1)).status == 413


def test_what_is_known_of_a_series_is_by_the_labels_of_its_request(both):
    plain = ("load", [(0, 1.0)], {"cluster": "eu", "__replica__": "a"})
    other = ("load", [(0, 1.0)], {"queue": "x"})
    for _ in range(2):
        identity = [both.hear(body(*told))[0][0][0] for told in ([plain, other], [other, plain])]
        assert identity[0][:16] != identity[1][16:]  # the replica is dropped where the first series says who sends
        assert identity[0][16:] == identity[1][:16]


def test_a_series_whose_labels_begin_as_those_of_the_expected_one_is_another(both):
    first: Any = ("up", [(0, 1.0)], {})
    known: Any = ("load", [(0, 1.0)], {"queue": "a"})
    for more in ({"zone": "b"}, {"route": "b"}, {"z": ""}):
        both.hear(body(first, known))
        identity = [
            both.hear(body(first, one))[0][0][0] for one in (known, ("load", [(0, 1.0)], {"queue": "a", **more}))
        ]
        assert (identity[0] == identity[1]) == (more == {"z": ""})
    labels = within(1, b"\x0a\x08__name__\x12\x04load") + within(1, b"\x0a\x05queue\x12\x01a")
    sample = within(2, b"\x09" + bytes(7) + b"\x40")
    for _ in range(2):
        for told in (labels, labels + sample + within(1, b"\x0a\x01z\x12\x01z"), labels + sample):
            both.hear(body(first) + within(1, told))


def test_labels_that_follow_as_they_did_are_still_of_their_own_request(both):
    nobody: Any = ("load", [(0, 1.0)], {})
    pair: Any = ("load", [(0, 1.0)], {"cluster": "eu", "__replica__": "a"})
    heard = [both.hear(body(*told))[0][0][0] for told in ([nobody], [pair], [nobody, pair])]
    assert heard[2][16:] != heard[1]


def churn(hearing, first, count, now, size=2000):
    for begin in range(first, first + count, size):
        raw = body(
            *(("load", [(0, 1.0)], {"queue": f"q{i % 7}", "pod": f"pod-{i}"}) for i in range(begin, begin + size))
        )
        found = hearing.read(raw, now)
        assert isinstance(found, Heard)
        assert len(found.numbers.at_ns) == size
        yield found


def test_series_that_live_a_minute_do_not_pile_up():
    hearing, minute = part.Hearing(["queue"], Names(["load"])), 60 * 10**9
    known, overflow = [], 0
    for at in range(30):
        for found in churn(hearing, 0, 2000, NOW + at * minute):  # these stay
            overflow += found.noted.get("series-overflow", 0)
        for found in churn(hearing, 2000 + 8000 * at, 8000, NOW + at * minute):
            overflow += found.noted.get("series-overflow", 0)
        known.append(hearing.known)
    assert 65_536 < max(known) < 2 * 65_536
    assert known[-1] < known[8]
    assert overflow == 0


def test_series_that_are_refused_are_not_remembered(both):
    for number in range(20):
        said = [("pod", str(number)), ("pod", str(number))]
        request = WriteRequest()
        told = request.timeseries.add()
        for name, value in [("__name__", "load"), *said]:
            told.labels.add(name=name.encode(), value=value.encode())
        told.samples.add(value=1.0, timestamp=NOW // 1_000_000)
        both.hear(request.SerializeToString())
    assert both.ours.known == 0


def test_series_with_very_long_labels_are_read_but_not_remembered():
    hearing = part.Hearing(["queue"], Names(["load"]))
    for text, known, overflow in (("x" * 16_000, 1, 0), ("x" * 17_000, 1, 1)):
        for name in ("load", "unwanted"):
            found = hearing.read(body((name, [(0, 1.0)], {"pod": text})), NOW)
            assert (len(found.numbers.at_ns), found.noted.get("series-overflow", 0)) == (name == "load", overflow)
        assert hearing.known == 2 * known


def test_a_column_that_knows_too_many_texts_starts_anew(both):
    names = Names(["load"])
    both.reference, both.ours = Hearing(["pod"], names), part.Hearing(["pod"], names)
    for first in range(0, 90_000, 30_000):
        found = both.hear(body(*(("load", [(0, 1.0)], {"pod": str(i)}) for i in range(first, first + 30_000))))
        assert found[0][0][6][0][-1] == str(first + 29_999)
    values = both.ours.values[0]
    assert both.hear(body(("load", [(0, 1.0)], {"pod": "0"})))[0][0][6] == [["0"]]
    assert both.ours.values[0] is not values
    assert len(both.ours.values[0]) == 1
