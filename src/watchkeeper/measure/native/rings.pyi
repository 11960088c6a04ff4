from watchkeeper.measure.values import Ints

Tables = tuple[object, object, object, object, object, object]

def sums(
    places: object,
    c16: object,
    b16: object,
    c32: object,
    b32: object,
    c64: object,
    b64: object,
    rows: Ints,
    firsts: Ints,
    lasts: Ints,
    head: int,
    length: int,
    out: Ints,
) -> None: ...
def add(
    places: object,
    c16: object,
    b16: object,
    c32: object,
    b32: object,
    c64: object,
    b64: object,
    rows: Ints,
    columns: Ints,
    amounts: Ints,
    start: int,
) -> int: ...
def known(
    places: object,
    c16: object,
    c32: object,
    c64: object,
    rows: Ints,
    firsts: Ints,
    lasts: Ints,
    reaches: Ints,
    head: int,
    length: int,
    out: Ints,
) -> None: ...
