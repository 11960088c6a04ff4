"""
What do the switches of the live application say, on whose word, until when, and what comes after?
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.switching import in_words, value_in_words
from watchkeeper.act.watch import Watch
from watchkeeper.decide.switches import ANYBODY
from watchkeeper.manual.model.switching import BOOLEAN, SET, Switch, texts_of
from watchkeeper.store.flips import FlipRow
from watchkeeper.web.views.moments import Moment, moment, span

#: How long a flip may last, as the form sends it (minutes) and as it reads.
LASTS: Final = ((15, "15 min"), (30, "30 min"), (60, "1 h"), (120, "2 h"), (240, "4 h"), (480, "8 h"), (1440, "1 d"))
MINUTE_NS: Final = 60 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipLine:
    """
    One flip. `left` is how long it still holds; `ended` is None while it does.
    """

    number: int
    switch: str
    says: str
    begins: Moment
    expires: Moment
    left: str
    author: str
    reason: str
    incident: int | None
    ended: Moment | None
    ended_says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCard:
    """
    One switch: what it says, what comes after, the flips that hold (the newest first), and what a form may offer.
    """

    name: str
    title: str
    note: str
    kind: str
    says: str
    usual: str
    flipped: bool
    next_at: Moment | None
    next_says: str
    service: str
    owner: str
    role: str
    public: bool
    choices: tuple[tuple[str, str], ...]
    hint: str
    several: bool
    lasts: tuple[tuple[int, str], ...]
    may: bool
    flips: tuple[FlipLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchesView:
    """
    The page. `written` is what a form held that changed nothing, `why` says why.
    """

    title: str
    headline: str
    cards: tuple[SwitchCard, ...]
    past: tuple[FlipLine, ...]
    incidents: tuple[tuple[int, str], ...]
    written: Mapping[str, str]
    why: str
    lives: bool = False  # a form that somebody fills in is not replaced under their hands


def switches_view(
    watch: Watch, who: Visitor, *, written: Mapping[str, str] | None = None, why: str = ""
) -> SwitchesView:
    """
    The switches as they stand, with a form for each that this visitor may flip.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    standing = watch.switches.standing()
    cards = tuple(_card(name, one, standing, watch, who) for name, one in manual.switches.items())
    over = [row for row in watch.switches.recent(most=30) if row not in standing]
    usual = dict.fromkeys(("switch", "value", "reason", "only", "share", "ramp", "incident"), "") | {"minutes": "60"}
    return SwitchesView(
        title="Switches",
        headline=_headline(len(cards), sum(card.flipped for card in cards)),
        cards=cards,
        past=tuple(_line(row, watch, now_ns=now_ns) for row in over),
        incidents=tuple((one.number, one.title) for one in watch.desk.recent() if one.closed_ns is None),
        written=usual | dict(written or {}),
        why=why,
    )


def _card(name: str, switch: Switch, standing: Sequence[FlipRow], watch: Watch, who: Visitor) -> SwitchCard:
    now_ns, zone = watch.clock.now_ns(), ZoneInfo(watch.standing.manual.zone)
    said = watch.switches.board.say(name, ANYBODY)
    lasts = tuple((minutes, says) for minutes, says in LASTS if minutes * MINUTE_NS <= switch.longest_ns)
    here = tuple(_line(row, watch, now_ns=now_ns) for row in reversed(standing) if row.switch == name)
    return SwitchCard(
        name=name,
        title=switch.title or name,
        note=switch.note or switch.because or "",
        kind=switch.kind,
        says=value_in_words(texts_of(said.found.value), switch.kind),
        usual=value_in_words(texts_of(switch.initial), switch.kind),
        flipped=bool(here),
        next_at=None if said.next is None else moment(said.next.at_ns, now_ns=now_ns, zone=zone),
        next_says="" if said.next is None else value_in_words(texts_of(said.next.value), switch.kind),
        service=switch.service or "",
        owner=switch.owner or "",
        role=switch.role,
        public=switch.public,
        choices=_choices(switch),
        hint=_hint(switch),
        several=switch.kind == SET,
        lasts=lasts or LASTS[:1],
        may=watch.switches.may(name, who),
        flips=here,
    )


def _line(row: FlipRow, watch: Watch, *, now_ns: int) -> FlipLine:
    zone = ZoneInfo(watch.standing.manual.zone)
    ended_ns = row.ended_ns if row.ended_ns is not None else row.expires_ns if row.expires_ns <= now_ns else None
    by = "" if row.ended_because != "undone" else f" by {row.ended_by}"
    return FlipLine(
        number=row.id,
        switch=row.switch,
        says=in_words(row, watch.standing.manual),
        begins=moment(row.begin_ns, now_ns=now_ns, zone=zone),
        expires=moment(row.expires_ns, now_ns=now_ns, zone=zone),
        left=span(row.expires_ns - now_ns),
        author=row.author,
        reason=row.reason,
        incident=row.incident,
        ended=None if ended_ns is None else moment(ended_ns, now_ns=now_ns, zone=zone),
        ended_says=f"{row.ended_because or 'expired'}{by}",
    )


def _choices(switch: Switch) -> tuple[tuple[str, str], ...]:
    if switch.kind == BOOLEAN:
        return ("true", "on"), ("false", "off")
    return () if switch.kind == SET else tuple((one, one) for one in switch.allowed)


def _hint(switch: Switch) -> str:
    if switch.kind == SET:
        return ", ".join(switch.allowed) or "one, or several with commas; empty for nothing"
    return switch.range or {"percentage": "50%", "address": "cache-2:6379"}.get(switch.kind, "")


def _headline(n: int, flipped: int) -> str:
    if not n:
        return "The manual has no switches"
    if not flipped:
        return "Every switch is as the manual says"
    return f"{flipped} of {n} {'switch is' if n == 1 else 'switches are'} flipped"
