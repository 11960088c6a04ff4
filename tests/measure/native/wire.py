"""
What can a body in protobuf look like, when nobody is bound to write it as a library would?

`Maker` writes random messages of any descriptor: fields twice, in any order, with other wire types, strangers, groups,
numbers longer than they need be. `sweep` writes by hand what chance would hardly meet: the edges of depth, width and
length, in every message that a body can hold.

>>> tag(1, 2), number(300), field(1, b"ab")
(b'\\n', b'\\xac\\x02', b'\\n\\x02ab')
"""

import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

VARINT, FIXED64, BYTES, GROUP, END, FIXED32 = 0, 1, 2, 3, 4, 5
DEEPEST: Final = 100

_FIXED64, _FIXED32, _FLOATS, _TEXT, _MESSAGE, _RAW = {1, 6, 16}, {2, 7, 15}, {1, 2}, 9, 11, 12
_ZIGZAG, _BOOL, _ENUM = {17, 18}, 8, 14


def number(value: int, *, width: int = 0) -> bytes:
    """
    A varint, of `width` bytes where it needs fewer.
    """
    out = bytearray()
    while value > 127 or len(out) + 1 < width:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def tag(field_number: int, wire: int, *, width: int = 0) -> bytes:
    """
    What stands before a value.
    """
    return number(field_number << 3 | wire, width=width)


def field(field_number: int, content: bytes, *, width: int = 0) -> bytes:
    """
    A length-delimited field.
    """
    return tag(field_number, BYTES) + number(len(content), width=width) + content


def group(field_number: int, content: bytes) -> bytes:
    """
    A group, which no message of ours knows.
    """
    return tag(field_number, GROUP) + content + tag(field_number, END)


class Maker:
    """
    Random messages of a descriptor.

    `pools` say what a field may hold, by `Message.field` or by `field`; without one, anything of its type. `odd` is how
    often something is done that no library does.
    """

    def __init__(self, chance: random.Random, pools: Mapping[str, Sequence[Any]], *, odd: float = 0.0) -> None:
        self.chance, self.pools, self.odd = chance, pools, odd
        self._fields: dict[str, list[Any]] = {}

    def message(self, descriptor: Any, depth: int = 0) -> bytes:
        """
        One message with what it holds.
        """
        fields = self._fields.get(descriptor.full_name)
        if fields is None:
            fields = self._fields[descriptor.full_name] = list(descriptor.fields)
        if descriptor.oneofs and len(descriptor.oneofs[0].fields) == len(fields):  # a value: one of its kinds, mostly
            chosen = self.chance.choices(fields, k=self._count(1, 0.05))
        else:
            chosen = [one for one in fields for _ in range(self._times(one, depth))]
        parts = [self._field(one, depth) for one in chosen]
        if self._oddly():
            parts.insert(self.chance.randint(0, len(parts)), self._stranger())
        if self._oddly() or self.chance.random() < 0.1:
            self.chance.shuffle(parts)
        return b"".join(parts)

    def _times(self, one: Any, depth: int) -> int:
        if one.type == _MESSAGE and depth > 8:
            return 0
        if one.is_repeated:
            return self.chance.choice((0, 1, 1, 2, 3)) if one.type == _MESSAGE else self.chance.choice((0, 1, 2))
        return self._count(1 if self.chance.random() < (0.9 if self._pool(one) else 0.6) else 0, self.odd)

    def _count(self, usual: int, more: float) -> int:
        return usual + (self.chance.random() < more)

    def _oddly(self) -> bool:
        return self.odd > 0 and self.chance.random() < self.odd

    def _field(self, one: Any, depth: int) -> bytes:
        if self._oddly():
            return tag(one.number, self.chance.choice((0, 1, 2, 3, 5))) + self.chance.randbytes(
                self.chance.randint(0, 9)
            )
        if one.type == _MESSAGE:
            return self._sized(one, self.message(one.message_type, depth + 1))
        if one.type in (_TEXT, _RAW):
            return self._sized(one, self._text(one))
        if one.is_repeated and self.chance.random() < 0.8:
            return self._sized(one, b"".join(self._scalar(one) for _ in range(self.chance.randint(0, 4))))
        wire = FIXED64 if one.type in _FIXED64 else FIXED32 if one.type in _FIXED32 else VARINT
        return tag(one.number, wire, width=self._width(5)) + self._scalar(one)

    def _sized(self, one: Any, content: bytes) -> bytes:
        said = len(content) + (self.chance.choice((-1, 1, 5)) if self._oddly() and self._oddly() else 0)
        return tag(one.number, BYTES, width=self._width(5)) + number(max(said, 0), width=self._width(5)) + content

    def _width(self, most: int) -> int:
        return self.chance.randint(1, most) if self._oddly() else 0

    def _pool(self, one: Any) -> Sequence[Any] | None:
        return self.pools.get(f"{one.containing_type.name}.{one.name}", self.pools.get(one.name))

    def _text(self, one: Any) -> bytes:
        pool = self._pool(one) or (b"", b"a", "é€".encode(), b"0123456789abcdef")
        content: bytes = self.chance.choice(pool)
        return content + self.chance.choice(BROKEN_TEXTS) if self._oddly() and self._oddly() else content

    def _scalar(self, one: Any) -> bytes:
        pool = self._pool(one)
        if one.type in _FLOATS:
            value = self.chance.choice(pool or FLOATS)
            return struct.pack("<d" if one.type == 1 else "<f", value)
        value = self.chance.choice(pool or INTEGERS)
        if one.type in _FIXED64:
            return struct.pack("<Q", value % 2**64)
        if one.type in _FIXED32:
            return struct.pack("<I", value % 2**32)
        if one.type in _ZIGZAG:
            value = (value << 1 ^ value >> 63) % 2**64
        return number(value % 2**64, width=self._width(10))

    def _stranger(self, depth: int = 0) -> bytes:
        chance, unknown = self.chance, self.chance.choice((17, 40, 99, 1000, 2**29 - 1))
        match chance.randrange(5):
            case 0:
                return tag(unknown, VARINT) + number(chance.choice(INTEGERS) % 2**64)
            case 1:
                return tag(unknown, FIXED64) + chance.randbytes(8)
            case 2:
                return field(unknown, chance.randbytes(chance.randint(0, 5)))
            case 3:
                return tag(unknown, FIXED32) + chance.randbytes(4)
            case _:
                inside = b"".join(self._stranger(depth + 1) for _ in range(chance.randint(0, 2))) if depth < 5 else b""
                return group(unknown, inside)


INTEGERS: Final = (
    0,
    1,
    2,
    3,
    5,
    127,
    128,
    255,
    300,
    2**31 - 1,
    2**31,
    2**32,
    2**32 + 2,
    2**63 - 1,
    2**63,
    -1,
    -2,
    -(2**63),
)
FLOATS: Final = (0.0, -0.0, 1.0, 1.5, -2.5, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"), 2.0, 300.0)
BROKEN_TEXTS: Final = (
    b"\xff", b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
    b"\xe2\x82", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
    b"\xf0\x9f\x98", b"\xc3", b"\xe2\x28\xa1",
)  # fmt: skip
GOOD_TEXTS: Final = (
    b"\0", b"\x7f", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbf",
    b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf",
)  # fmt: skip


def damaged(body: bytes, chance: random.Random) -> bytes:
    """
    The body with a few bits flipped, bytes dropped, doubled, replaced, or its end cut off.
    """
    torn = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if not torn:
            return bytes(torn)
        at = chance.randrange(len(torn))
        match chance.randrange(6):
            case 0:
                torn[at] ^= 1 << chance.randrange(8)
            case 1:
                del torn[at : at + chance.randint(1, 3)]
            case 2:
                torn[at:at] = torn[at : at + chance.randint(1, 9)]
            case 3:
                torn[at] = chance.choice((0, 1, 2, 8, 10, 18, 26, 127, 128, 255, chance.randrange(256)))
            case 4:
                other = chance.randrange(len(torn))
                torn[at : at + 4] = torn[other : other + 4]
            case _:
                del torn[at:]
    return bytes(torn)


def places(descriptor: Any) -> Iterator[tuple[Any, int, Callable[[bytes], bytes]]]:
    """
    Each message that a body of this descriptor may hold, how deep it lies, and what puts one there.
    """
    seen = {descriptor.full_name}
    todo: list[tuple[Any, tuple[int, ...]]] = [(descriptor, ())]
    for one, path in todo:
        yield one, len(path), _wrapping(path)
        for inner in one.fields:
            if inner.message_type is not None and inner.message_type.full_name not in seen:
                seen.add(inner.message_type.full_name)
                todo.append((inner.message_type, (*path, inner.number)))


def _wrapping(path: tuple[int, ...]) -> Callable[[bytes], bytes]:
    def wrapped(content: bytes) -> bytes:
        for one in reversed(path):
            content = field(one, content)
        return content

    return wrapped


def sweep(descriptor: Any, maker: Maker) -> Iterator[bytes]:
    """
    Bodies at every edge, each in every message: the oddity before, and after, a normal message.
    """
    for one, depth, put in places(descriptor):
        plain = maker.message(one, 2)
        for odd in (*_fields(one), *_numbers(one), *_groups(DEEPEST - depth), *_texts(one), *_lengths(one)):
            yield put(odd + plain)
        for odd in _nestings(one, DEEPEST - depth):
            yield put(odd)
            yield put(plain + odd)
        for end in range(len(plain)):
            yield put(plain[:end])


def _fields(one: Any) -> Iterator[bytes]:
    contents = (b"", b"\0" * 3, b"\1" * 4, b"\0" * 8, b"\x08\x01", b"\xff" * 9)
    for field_number in (0, *sorted(inner.number for inner in one.fields), 2**29 - 1):
        for wire in range(8):
            for content in contents:
                yield tag(field_number, wire) + content
            yield tag(field_number, wire) + b"\3abc"
        yield group(field_number, b"")
        yield group(99, tag(field_number, VARINT) + b"\1")
        yield group(99, group(field_number, field(field_number, b"a")))
        yield group(99, b"")[:-1] + bytes((group(98, b"")[-1],))


def _numbers(one: Any) -> Iterator[bytes]:
    for inner in (*one.fields, None):
        for width in range(1, 12):
            field_number = 99 if inner is None else inner.number
            for last in (0, 1, 2, 127):
                yield tag(field_number, VARINT) + b"\x80" * (width - 1) + bytes((last,))
                yield tag(field_number, VARINT) + b"\xff" * (width - 1) + bytes((last,))
            yield tag(field_number, VARINT, width=width) + b"\1"
            yield tag(field_number, BYTES, width=width) + b"\0"
            yield field(field_number, b"", width=width)
            yield field(field_number, b"\x0a\x01a", width=width)
    for value in (2**32 - 8, 2**32, 2**32 + 8, 2**35 - 8, 2**64 - 8):
        yield number(value) + b"\1"
        yield group(99, number(value) + b"\1")


def _groups(room: int) -> Iterator[bytes]:
    for depth in (1, 2, room - 1, room, room + 1):
        yield tag(99, GROUP) * depth + tag(99, END) * depth
        yield tag(0, GROUP) * depth + tag(0, END) * depth
        yield group(99, tag(0, GROUP) * (depth - 1) + tag(0, END) * (depth - 1))
    yield from (tag(99, GROUP), tag(99, END), group(99, tag(98, END)), group(99, tag(98, GROUP)))
    yield from (group(99, bytes((wire,)) + b"\0" * 8) for wire in range(8))


def _texts(one: Any) -> Iterator[bytes]:
    for inner in one.fields:
        if inner.type in (_TEXT, _RAW):
            for text in (*BROKEN_TEXTS, *GOOD_TEXTS):
                for before in (b"", b"a", b"abcdefg", b"abcdefgh", b"0123456789abcde"):
                    yield field(inner.number, before + text)
                    yield field(inner.number, before + text + b"xyz")


def _lengths(one: Any) -> Iterator[bytes]:
    for field_number in (99, *(inner.number for inner in one.fields)):
        for value in (1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**35, 2**63, 2**64 - 1):
            yield tag(field_number, BYTES) + number(value)
            yield tag(field_number, BYTES) + number(value) + b"\0"
            yield group(99, tag(field_number, BYTES) + number(value) + b"\0")


def _nestings(one: Any, room: int) -> Iterator[bytes]:
    """
    Values in lists in lists, values in maps in maps, around the deepest that may be.
    """
    if one.name != "AnyValue":
        return
    lists, maps = (lambda inside: field(5, field(1, inside))), (lambda inside: field(6, field(1, field(2, inside))))
    for nest, levels in ((lists, 2), (maps, 3)):
        for inside in (b"", field(1, b"a"), field(5, b""), field(6, b""), field(6, field(1, b"")), group(99, b"")):
            for times in range(room // levels - 2, room // levels + 3):
                nested = inside
                for _ in range(times):
                    nested = nest(nested)
                yield nested
