"""
What does a message say that is not an alert's own: a page, its end, an incident, a hand-off, a test?

It begins with what matters on the first line of a telephone, and says why it comes to this person and what they can do:

>>> body = {"at_ns": 0, "page": 7, "title": "Disk is full", "severity": "P1", "reason": "escalated", "count": 1,
...         "step": 1, "round": 0, "policy": "night"}
>>> row = NoticeRow(subject="page/7", kind="page", channel="mail", body=body, created_ns=0, due_ns=0, person="ada")
>>> message = PageWriter(Manual(watchkeeper=1, manual="Shop"), "https://watch.example")(row, None)
>>> print(message.text)
P1 · Disk is full
Why you: nobody acknowledged in time (step 2 of `night`)
Page: #7, to answer it https://watch.example/pages/7
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from watchkeeper.act.links import LIFETIME_NS, Action, Links
from watchkeeper.act.message_values import Button, Fact, Message
from watchkeeper.act.moments import moment
from watchkeeper.act.plain import human, listed, plain
from watchkeeper.act.recipients import has_own_address, name_of
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.notices import NoticeRow

MOST_PAGES: Final = 100  # one button answers so many at most
MOST_TEXT: Final = 600  # characters of what a person wrote

#: What begins the title of a page that comes for another reason than that it is somebody's turn.
_AGAIN: Final = {
    Reason.PAGED_AGAIN: "asked again",
    Reason.LAPSED: "open again",
    Reason.SNOOZE_OVER: "back from its snooze",
}
#: What begins the title when a page needs nobody any more, or nobody came.
_ENDS: Final = {
    Reason.ALERTS_OVER: "over",
    Reason.WITHDRAWN: "withdrawn",
    Reason.EXHAUSTED: "nobody answered",
    Reason.SNOOZED: "put off",
    Reason.BY_A_PERSON: "ended",
}
_LABELS: Final = (
    (Action.ACKNOWLEDGE, "Acknowledge", "Acknowledge all {n}"),
    (Action.SNOOZE, "Snooze 1 h", "Snooze all for 1 h"),
    (Action.ESCALATE, "Escalate", "Escalate all"),
)


class PageWriter:
    """
    Writes them with the words of one manual. Links begin with `address`; without `links` nobody can answer by one.
    """

    KINDS: Final = frozenset({Kind.PAGE, Kind.PAGE_OVER, Kind.BUNDLE, Kind.INCIDENT, Kind.HAND_OFF, Kind.TEST})

    def __init__(self, manual: Manual, address: str | None, *, links: Links | None = None) -> None:
        self._manual, self._address, self._links = manual, address, links
        self._zone = ZoneInfo(manual.zone)

    def __call__(self, row: NoticeRow, alert: Message | None) -> Message:
        """
        The message of a row whose kind is one of KINDS; `alert` is what the newest alert of a page says of itself.
        """
        match Kind(row.kind):
            case Kind.PAGE | Kind.BUNDLE:
                return self._page(row, alert)
            case Kind.PAGE_OVER:
                return self._over(row)
            case Kind.INCIDENT:
                return self._incident(row)
            case Kind.HAND_OFF:
                return self._hand_off(row)
        return self._test(row)

    # --- a page

    def _page(self, row: NoticeRow, alert: Message | None) -> Message:
        body = row.body
        count, reason = int(body.get("count", 1)), Reason(body.get("reason", Reason.PAGED))
        whole = alert.title if alert is not None and count == 1 else self._titled(body)
        if count > 1:
            whole = f"{count} alerts · {whole}"
        return self._message(
            row,
            title=" · ".join(filter(None, (_AGAIN.get(reason), whole))),
            facts=(*self._asked(row, reason), *self._of_alert(alert, count), *self._alerts(body), *self._places(body)),
            buttons=tuple(self._buttons(row)),
            more=alert.data if alert is not None and count == 1 else {},
        )

    def _asked(self, row: NoticeRow, reason: Reason) -> Iterator[Fact]:
        body, policy = row.body, row.body.get("policy")
        step = f" (step {int(body['step']) + 1} of `{plain(policy)}`)" if policy and "step" in body else ""
        yield Fact(name="Why you" if row.person else "Why", text=f"{SAYS[reason]}{step}")
        if "again_for" in body:
            yield Fact(name="Note", text="sent again, for a crash hid whether the first attempt arrived")

    @staticmethod
    def _of_alert(alert: Message | None, count: int) -> Iterator[Fact]:
        if alert is None:
            return
        if count > 1:
            yield Fact(name="Newest", text=alert.title)
        yield from (fact for fact in alert.facts if fact.name != "Incident")  # it stands below

    @staticmethod
    def _alerts(body: Mapping[str, Any]) -> Iterator[Fact]:
        keys, count = list(body.get("alerts", ())), int(body.get("count", 1))
        if count > 1 and keys:
            more = count - min(len(keys), 8)
            yield Fact(name="Alerts", text=listed(keys[:8]) + (f" and {more} more" if more > 0 else ""))

    def _places(self, body: Mapping[str, Any]) -> Iterator[Fact]:
        if body.get("incident") is not None:
            yield self._incident_fact(int(body["incident"]))
        if body.get("page"):
            number = int(body["page"])
            yield Fact(name="Page", text=f"#{number}, to answer it", url=self._link("pages", number))

    def _buttons(self, row: NoticeRow) -> Iterator[Button]:
        """
        What can be done at once. Only who gets it at an address of their own can be given a link that acts for them.
        """
        pages = tuple(int(one) for one in row.body.get("pages") or (row.body.get("page"),) if one)[:MOST_PAGES]
        own = bool(row.person) and has_own_address(row.person, row.channel, row.address, self._manual)
        ends_ns = int(row.body["at_ns"]) + LIFETIME_NS
        for action, label, for_all in _LABELS if pages else ():
            said = label if len(pages) == 1 else for_all.format(n=len(pages))
            url = self._links.make(action, pages, row.person, ends_ns) if self._links and own else None
            yield Button(action=action, label=said, pages=pages, url=url)

    # --- its end

    def _over(self, row: NoticeRow) -> Message:
        body = row.body
        reason = Reason(body.get("reason", Reason.ALERTS_OVER))
        by = name_of(str(body["by"]), self._manual) if body.get("by") else ""
        begins = f"{by} has it" if reason is Reason.ACKNOWLEDGED and by else _ENDS.get(reason, SAYS[reason])
        why = Fact(name="Why", text=SAYS[reason] + (f": {by}" if by else ""))
        return self._message(
            row, title=f"{begins} · {self._titled(body)}", facts=(why, *self._alerts(body), *self._places(body))
        )

    # --- an incident

    def _incident(self, row: NoticeRow) -> Message:
        body, number = row.body, int(row.body["incident"])
        what = plain(str(body.get("text", "")), most=MOST_TEXT)
        event = human(str(body.get("event", "update")))
        facts = [Fact(name="What", text=what)] if what else []
        if body.get("stage"):
            facts.append(Fact(name="Stage", text=plain(str(body["stage"]))))
        if body.get("due_ns"):
            facts.append(Fact(name="Due", text=moment(body["due_ns"], self._zone, near_ns=body["at_ns"])))
        if body.get("by"):
            facts.append(Fact(name="By", text=name_of(str(body["by"]), self._manual)))
        return self._message(
            row,
            title=f"Incident #{number} · {self._titled(body)}" + ("" if what else f": {event}"),
            facts=(*facts, self._incident_fact(number)),
        )

    # --- a hand-off

    def _hand_off(self, row: NoticeRow) -> Message:
        body, schedule = row.body, row.subject.removeprefix("schedule/")
        coming, leaving = body.get("coming"), body.get("leaving")
        facts = [Fact(name="Now", text=name_of(coming, self._manual) if coming else "nobody")]
        if leaving:
            facts.append(Fact(name="Before", text=name_of(leaving, self._manual)))
        if body.get("until_ns"):
            facts.append(Fact(name="Until", text=moment(body["until_ns"], self._zone, near_ns=body["at_ns"])))
        if body.get("next"):
            facts.append(Fact(name="Next", text=name_of(body["next"], self._manual)))
        for incident in body.get("incidents", ()):
            facts.append(self._open_incident(incident))
        if not body.get("incidents"):
            facts.append(Fact(name="Incidents", text="none is open"))
        who = f"{name_of(coming, self._manual)} is on call" if coming else "nobody is on call"
        if self._address:
            facts.append(Fact(name="On call", text="the whole plan", url=f"{self._address}/on-call"))
        return self._message(row, title=f"{human(schedule)}: {who}", facts=tuple(facts))

    def _open_incident(self, incident: Mapping[str, Any]) -> Fact:
        number = int(incident["number"])
        said = " · ".join(plain(str(incident[key])) for key in ("severity", "title") if incident.get(key))
        return Fact(name=f"Incident #{number}", text=said or "open", url=self._link("incidents", number))

    # --- a test

    def _test(self, row: NoticeRow) -> Message:
        by = row.body.get("by")
        facts = [
            Fact(name="Asked for by", text=name_of(str(by), self._manual) if by else "Watchkeeper"),
            Fact(name="To do", text="nothing: if you read this, a page would reach you here"),
        ]
        return self._message(row, title="Test page: nothing is wrong", facts=tuple(facts))

    # --- what all of them share

    def _message(
        self,
        row: NoticeRow,
        *,
        title: str,
        facts: tuple[Fact, ...],
        buttons: tuple[Button, ...] = (),
        more: Mapping[str, Any] | None = None,
    ) -> Message:
        body = row.body
        severity = plain(str(body["severity"])) if body.get("severity") else None
        number = body.get("incident")
        data = {key: value for key, value in body.items() if key not in ("notice", "at_ns", "again_for", "instead_of")}
        return Message(
            kind=Kind(row.kind),
            subject=row.subject,
            title=title,
            at_ns=int(body["at_ns"]),
            facts=facts,
            severity=severity,
            data={**(more or {}), **data},
            buttons=buttons,
            thread=_thread(row, number),
        )

    @staticmethod
    def _titled(body: Mapping[str, Any]) -> str:
        parts = (plain(str(body[key])) for key in ("severity", "title") if body.get(key))
        return " · ".join(parts) or "a page"

    def _incident_fact(self, number: int) -> Fact:
        return Fact(name="Incident", text=f"#{number}", url=self._link("incidents", number))

    def _link(self, page: str, number: int) -> str | None:
        return f"{self._address}/{page}/{number}" if self._address else None


def _thread(row: NoticeRow, incident: int | None) -> str:
    """
    What a message belongs to; a bundle speaks of many things, and a test of none.
    """
    if incident is not None:
        return f"incident/{int(incident)}"
    return "" if row.kind in (Kind.BUNDLE, Kind.TEST) else row.subject
