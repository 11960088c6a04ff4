"""
What does a switch say to whom, at an instant, and what comes after?

The flips of a switch lie on each other, the newest on top: the uppermost that holds and fits the one who asks decides;
below all of them lies the default of the manual. A flip ends by itself, and what lies below it holds again. A ramp lets
it in step by step: a percentage moves so many points at a time, every other kind reaches so many percent of the
targeting keys more, always the same ones first.

>>> from watchkeeper.manual.model.switching import Switch
>>> rate = Switch(kind="percentage", default="100%")
>>> flip = Flip(id=1, switch="rate", value=50.0, begin_ns=0, expires_ns=100, ramp=Ramp(step=20, every_ns=10))
>>> [found(rate, [flip], ANYBODY, at_ns=at).value for at in (0, 9, 10, 20, 99, 100)]
[80.0, 80.0, 60.0, 50.0, 50.0, 100.0]
>>> next_change(rate, [flip], ANYBODY, at_ns=20)
Change(at_ns=100, value=100.0)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from watchkeeper.manual import units
from watchkeeper.manual.model.switching import PERCENTAGE, Switch, SwitchValue
from watchkeeper.manual.model.unfit import Unfit

#: The attribute of a context that says whom a share may pick.
KEY: Final = "targetingKey"
WHOLE: Final = 100  # percent
MOST_TICKS: Final = 100  # steps of a ramp


class KeyMissing(Exception):
    """
    A flip holds for a share of the targeting keys, and who asks has none.
    """


class How(StrEnum):
    """
    Why a switch says what it says, in OpenFeature's words.
    """

    DEFAULT = "DEFAULT"
    STATIC = "STATIC"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """
    So many percent (points) more every so often; the first step is taken at the beginning.
    """

    step: float
    every_ns: int

    def risen(self, span_ns: int) -> float:
        """
        How many percent it has come to, so long after the beginning.
        """
        return min(float(WHOLE), self.step * (span_ns // self.every_ns + 1))

    def ticks(self) -> Iterator[int]:
        """
        After which spans (ns) it takes a step.
        """
        for step in range(1, MOST_TICKS):
            if self.step * step >= WHOLE:
                return
            yield step * self.every_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """
    From `begin_ns` to before `expires_ns` the switch has this value, for those who fit `only` (any of the values of
    each attribute) and are among `share` percent of the targeting keys.
    """

    id: int
    switch: str
    value: SwitchValue
    begin_ns: int
    expires_ns: int
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    share: float = WHOLE
    ramp: Ramp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """
    Who asks: attributes as texts, among them the targeting key. Who only looks on is picked by no share.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    looks_on: bool = False


#: Somebody of whom nothing is known.
ANYBODY: Final = Context(looks_on=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What a switch says, why, and by which flip (None: the default).
    """

    value: SwitchValue
    how: How
    flip: Flip | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    From this instant on a switch says this.
    """

    at_ns: int
    value: SwitchValue


def context_of(said: Mapping[str, object]) -> Context:
    """
    The context that an application sent; what is no text, number or truth value cannot be aimed at and is left out.

    >>> context_of({"platform": "spotify", "beta": True, "age": 7, "groups": ["a"]}).attributes
    {'platform': 'spotify', 'beta': 'true', 'age': '7'}
    """
    return Context(attributes={name: text for name, value in said.items() if (text := _text(value)) is not None})


def found(switch: Switch, flips: Sequence[Flip], context: Context, *, at_ns: int) -> Found:
    """
    What the switch says to who asks. `flips` stand from the oldest to the newest. Raises KeyMissing.
    """
    for index in range(len(flips) - 1, -1, -1):
        flip = flips[index]
        if not flip.begin_ns <= at_ns < flip.expires_ns or not fits(flip.only, context):
            continue
        share = _share(switch, flip, at_ns)
        if share < WHOLE and not _picked(flip, share, context):
            continue
        how = How.SPLIT if share < WHOLE else How.TARGETING_MATCH if flip.only else How.STATIC
        if switch.kind == PERCENTAGE and flip.ramp is not None:
            below = found(switch, flips[:index], context, at_ns=at_ns).value
            return Found(value=_moved(below, flip, at_ns), how=how, flip=flip)
        return Found(value=flip.value, how=how, flip=flip)
    return Found(value=switch.initial, how=How.DEFAULT)


def next_change(switch: Switch, flips: Sequence[Flip], context: Context, *, at_ns: int) -> Change | None:
    """
    When the switch says something else to who asks, if nobody flips it meanwhile; None for never. Raises KeyMissing.
    """
    if not flips:
        return None
    now = found(switch, flips, context, at_ns=at_ns).value
    for moment_ns in sorted({one for flip in flips for one in _moments(flip) if one > at_ns}):
        value = found(switch, flips, context, at_ns=moment_ns).value
        if value != now:
            return Change(at_ns=moment_ns, value=value)
    return None


def fits(only: Sequence[tuple[str, Sequence[str]]], context: Context) -> bool:
    """
    Whether who asks is meant: each attribute has one of its values; a network holds the addresses within it.

    >>> fits([("ip", ["10.0.0.0/8"])], context_of({"ip": "10.1.2.3"})), fits([("ip", ["10.0.0.0/8"])], ANYBODY)
    (True, False)
    """
    for name, wanted in only:
        has = context.attributes.get(name)
        if has is None or not any(has == one or ("/" in one and _within(has, one)) for one in wanted):
            return False
    return True


def read_ramp(text: str) -> Ramp:
    """
    A ramp as people write it. Raises Unfit.

    >>> read_ramp("10% every 5m")
    Ramp(step=10.0, every_ns=300000000000)
    """
    wanted = "a ramp such as `10% every 5m`"
    step_text, every, span_text = text.partition(" every ")
    step, span = units.parse_quantity(step_text), units.parse_duration(span_text)
    if not every or isinstance(step, units.UnitMistake) or isinstance(span, units.UnitMistake):
        raise Unfit(found=f"`{text[:60]}`", wanted=wanted)
    if step.dimension is not units.Dimension.RATIO or not Fraction(1, 100) <= step.value <= 1 or span.ns < 10**9:
        raise Unfit(found=f"`{text[:60]}`", wanted=f"{wanted}, of at least 1% and every second at most")
    return Ramp(step=float(step.value * 100), every_ns=span.ns)


def drawn(switch: str, key: str) -> float:
    """
    Where a key stands between 0 and 100, the same for ever; every switch draws anew.

    >>> 0 <= drawn("captcha", "user-7") < 100, drawn("captcha", "user-7") == drawn("captcha", "user-7")
    (True, True)
    """
    digest = blake2b(f"{switch}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * WHOLE


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _share(switch: Switch, flip: Flip, at_ns: int) -> float:
    if flip.ramp is None or switch.kind == PERCENTAGE:
        return flip.share
    return min(flip.share, flip.ramp.risen(at_ns - flip.begin_ns))


def _picked(flip: Flip, share: float, context: Context) -> bool:
    """
    Whether who asks is among so many percent of the keys.
    """
    key = context.attributes.get(KEY)
    if not key and context.looks_on:
        return False
    if not key:
        raise KeyMissing(f"{flip.switch} holds for {share:g} % of the targeting keys; wanted a {KEY} in the context")
    return drawn(flip.switch, key) < share


def _moved(below: SwitchValue, flip: Flip, at_ns: int) -> float:
    """
    A percentage on its way from what lies below to what was wanted.
    """
    assert flip.ramp is not None
    assert isinstance(below, float)
    assert isinstance(flip.value, float)
    way = flip.ramp.risen(at_ns - flip.begin_ns)
    return min(flip.value, below + way) if flip.value > below else max(flip.value, below - way)


def _moments(flip: Flip) -> Iterator[int]:
    yield flip.begin_ns
    yield flip.expires_ns
    if flip.ramp is not None:
        yield from (flip.begin_ns + tick for tick in flip.ramp.ticks() if flip.begin_ns + tick < flip.expires_ns)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _within(has: str, wanted: str) -> bool:
    network = _network(wanted)
    if network is None:
        return False
    try:
        address: IPv4Address | IPv6Address = ip_address(has)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version == network.version and address in network
