from collections.abc import Iterable

from watchkeeper.measure.native.schema import Schema
from watchkeeper.measure.values import Lexicon

class Attributes:
    names: tuple[str, ...]
    width: int
    values: list[Lexicon]
    cuts: int
    def __init__(self, names: Iterable[str], schema: Schema, own: Iterable[str] = ()) -> None: ...
    def index(self, name: str) -> int: ...
