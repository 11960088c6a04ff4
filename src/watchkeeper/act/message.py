"""
What does a message tell people?

What is the matter, the numbers, since when, what is affected and what is not, by when somebody responds, what to do
and where to look. Plain values: each channel gives them its own form, and its own escapes. What a message about a page
or an incident says beside that is in act/page_message.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from watchkeeper.act import digest
from watchkeeper.act.links import Links
from watchkeeper.act.message_data import data_of
from watchkeeper.act.message_values import Button, Fact, Message, Recipient, Urgency
from watchkeeper.act.moments import lasted, moment, respond_by
from watchkeeper.act.page_message import PageWriter
from watchkeeper.act.plain import human, listed, plain, spaced
from watchkeeper.act.recipients import recipient_of
from watchkeeper.act.record import notice_from_json
from watchkeeper.act.saying import arithmetic, speaks_of, verdict
from watchkeeper.act.urgency import urgency_of
from watchkeeper.decide.business import business_of
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.rules import Rule, rules_of
from watchkeeper.decide.values import Kind, Notice
from watchkeeper.manual.condition.ast import Bad, Condition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import words
from watchkeeper.store.notices import NoticeRow

__all__ = ["Button", "Fact", "IncidentOf", "Message", "Recipient", "Urgency", "Writer"]

#: The number of the incident that an alert (by its key) belonged to at an instant (ns); None: to none.
IncidentOf = Callable[[str, int], int | None]


class Writer:
    """
    Writes messages with the words of one manual. Links begin with `address`, the public one of this watch.

    It writes about rules that the manual no longer has too: with what the notice itself carries. `environ` holds the
    addresses of people that the manual only names; `links` makes those by which they answer.
    """

    def __init__(
        self,
        manual: Manual,
        address: str | None = None,
        *,
        incident_of: IncidentOf = lambda _key, _at_ns: None,
        environ: Mapping[str, str] | None = None,
        links: Links | None = None,
    ) -> None:
        self._manual, self._rules = manual, rules_of(manual)
        self._address = address.rstrip("/") if address else None
        self._zone, self._incident_of, self._environ = ZoneInfo(manual.zone), incident_of, environ or {}
        self._paging = PageWriter(manual, self._address, links=links)

    def __call__(self, row: NoticeRow) -> Message:
        message = self._written(row)
        recipient = recipient_of(row.person, row.channel, row.address, self._manual, self._environ)
        note = row.body.get("instead_of")
        if note:
            instead = Fact(name="Note", text=f"sent here because {listed(note)} could not deliver it")
            message = replace(message, facts=(*message.facts, instead))
        return replace(message, recipient=recipient, urgency=urgency_of(message, self._manual))

    def _written(self, row: NoticeRow) -> Message:
        kind = Kind(row.kind)
        if kind in PageWriter.KINDS:
            told = row.body.get("notice")
            return self._paging(row, self._told(notice_from_json(told, channel=row.channel)) if told else None)
        notice = notice_from_json(row.body, channel=row.channel)
        return self._digest(notice, row) if notice.kind is Kind.DIGEST else self._told(notice, row.subject, row.body)

    def _told(self, notice: Notice, subject: str = "", body: Mapping[str, Any] | None = None) -> Message:
        """
        What an alert says of itself; `subject` is its key.
        """
        subject = subject or str(notice.key)
        rule = self._rules.get(notice.key.rule)
        severity = plain(notice.severity) if notice.severity else None
        incident = self._incident_of(subject, notice.at_ns)
        return Message(
            kind=notice.kind,
            subject=subject,
            title=" · ".join(part for part in (severity, self._title(notice, rule)) if part),
            at_ns=notice.at_ns,
            facts=tuple(self._facts(notice, rule, body or {}, incident)),
            severity=severity,
            data=data_of(notice, rule, incident=incident, links=self._links(subject, rule, incident)),
            thread=f"alert/{subject}" if incident is None else f"incident/{incident}",
        )

    # --- the title

    def _title(self, notice: Notice, rule: Rule | None) -> str:
        name = self._name(notice.key.rule, notice.key.value)
        match notice.kind:
            case Kind.RESOLVED:
                return f"resolved · {name}, after {lasted(notice.at_ns - notice.since_ns)}"
            case Kind.UNKNOWN:
                return f"unknown · {name} has not been judged for {lasted(notice.at_ns - notice.since_ns)}"
            case Kind.EVENT:
                on = rule.alert.on if rule else None
                return f"{name}: {plain(on)} happened" if on else f"{name}: it happened"
            case Kind.WITHDRAWN:
                return f"withdrawn · {name}: {SAYS[Reason.WITHDRAWN]}"
        return ("still firing · " if notice.reason is Reason.REPEAT else "") + self._firing(name, notice, rule)

    def _firing(self, name: str, notice: Notice, rule: Rule | None) -> str:
        condition = _condition(notice, rule)
        if rule is None or condition is None or notice.finding is None:
            return f"{name} fires"
        numbers = notice.finding.numbers
        if isinstance(condition.measure, Bad):
            return f"{name}: {verdict(condition, numbers, of=self._noun(rule))}"
        if rule.name == rule.indicator:
            return verdict(condition, numbers, of=name)
        return f"{name}: {verdict(condition, numbers, of=spaced(rule.indicator))}"

    def _name(self, rule: str, value: str) -> str:
        alert = self._manual.alerts.get(rule)
        name = plain(alert.title) if alert and alert.title else human(rule)
        return f"{name} on {plain(value)}" if value else name

    # --- the facts

    def _facts(
        self, notice: Notice, rule: Rule | None, body: Mapping[str, Any], incident: int | None
    ) -> Iterator[Fact]:
        if rule and rule.alert.summary and notice.kind in (Kind.FIRING, Kind.EVENT):
            yield Fact(name="What", text=plain(rule.alert.summary, most=400))
        yield from self._counted(notice, rule)
        yield from self._when(notice)
        if Kind.FIRING.value in body.get("merged", ()):
            yield Fact(name="Note", text="this is the first message about it: it was over before one could be sent")
        if "again_for" in body:
            yield Fact(name="Note", text="sent again, for a crash hid whether the first attempt arrived")
        yield from self._where(notice, rule)
        if rule and notice.kind is Kind.UNKNOWN:
            yield self._look_at(rule)
        if rule and notice.kind in (Kind.FIRING, Kind.EVENT):
            yield from self._response(notice, rule)
        if rule and notice.kind in (Kind.FIRING, Kind.EVENT, Kind.UNKNOWN):
            yield from self._runbook(rule)
        if incident is not None:
            yield Fact(name="Incident", text=f"#{incident}", url=self._link("incidents", str(incident)))
        url = self._link("alerts", str(notice.key))
        if url:
            yield Fact(name="Alert", text="numbers and history", url=url)

    def _counted(self, notice: Notice, rule: Rule | None) -> Iterator[Fact]:
        finding = notice.finding
        if finding is None:
            return
        if notice.kind is Kind.UNKNOWN:
            yield Fact(name="Why", text=self._why_unknown(notice))
        elif rule and (condition := _condition(notice, rule)):
            said = arithmetic(condition, finding.numbers, noun=self._noun(rule), allowed=rule.allowed)
            if said:
                yield Fact(name="Now" if notice.kind is Kind.RESOLVED else "Numbers", text=said)

    @staticmethod
    def _why_unknown(notice: Notice) -> str:
        assert notice.finding is not None
        numbers = notice.finding.numbers
        if notice.finding.reason is Reason.TOO_FEW and numbers.at_least is not None:
            return f"only {numbers.events} events in the window, {numbers.at_least} are needed to judge"
        if notice.finding.reason is Reason.NOT_HEARD and numbers.slots:
            return f"only {numbers.known} of {numbers.slots} parts of the window were heard, half are needed to judge"
        return SAYS[notice.finding.reason]

    def _when(self, notice: Notice) -> Iterator[Fact]:
        at, since, zone = notice.at_ns, notice.since_ns, self._zone
        if notice.kind is Kind.RESOLVED:
            lapse = f"from {moment(since, zone, near_ns=at)} to {moment(at, zone, near_ns=at)}, {lasted(at - since)}"
            yield Fact(name="Lasted", text=lapse)
        elif notice.kind in (Kind.EVENT, Kind.WITHDRAWN):
            yield Fact(name="At", text=moment(since if notice.kind is Kind.EVENT else at, zone, near_ns=at))
        else:
            span = f", {lasted(at - since)} ago" if at - since >= 10**9 else ""
            yield Fact(name="Since", text=f"{moment(since, zone, near_ns=at)}{span}")

    @staticmethod
    def _where(notice: Notice, rule: Rule | None) -> Iterator[Fact]:
        label, fine = plain(notice.key.label), notice.fine
        others = notice.finding.others if notice.finding and notice.kind is Kind.FIRING else ()
        are_fine = f"; {listed(fine)} {'is' if len(fine) == 1 else 'are'} fine" if fine else ""
        if label and notice.kind is Kind.FIRING:
            yield Fact(name="Affected", text=f"{label} {plain(notice.key.value)}{are_fine}")
        elif others:
            where = rule.where if rule else ""
            yield Fact(name="Affected", text=f"{where} {listed(others)}".lstrip())
        elif label and fine:
            yield Fact(name="Others", text=are_fine.removeprefix("; "))

    def _look_at(self, rule: Rule) -> Fact:
        stream = self._manual.streams.get(self._stream(rule))
        if stream is None:
            return Fact(name="Look at", text="whether its source still sends")
        source = plain(str(getattr(stream, stream.signal)), most=200)
        return Fact(
            name="Look at", text=f"whether the source of {self._noun(rule)} still sends ({stream.signal} {source})"
        )

    def _response(self, notice: Notice, rule: Rule) -> Iterator[Fact]:
        severity = self._manual.severities.get(notice.severity or "")
        response = rule.alert.respond or (severity.respond if severity else None)
        if response is None:
            return
        repeated = notice.reason is Reason.REPEAT
        text = respond_by(
            response,
            start_ns=notice.since_ns + rule.timing.hold_ns if repeated else notice.at_ns,
            zone=self._zone,
            business=business_of(self._manual, severity=notice.severity),
            near_ns=notice.at_ns,
        )
        yield Fact(name="Respond", text=text)

    def _runbook(self, rule: Rule) -> Iterator[Fact]:
        name = rule.alert.runbook
        if name is not None:
            runbook = self._manual.runbooks.get(name)
            title = plain(runbook.title) if runbook and runbook.title else human(name)
            yield Fact(name="Runbook", text=title, url=self._link("runbooks", name))

    # --- the digest

    def _digest(self, notice: Notice, row: NoticeRow) -> Message:
        groups, channel = row.body.get("held", []), self._manual.channels.get(row.channel)
        limit = channel.rate_limit if channel else None
        total = digest.total(groups)
        what = f"{total} message{'' if total == 1 else 's'} held back"
        why = f" by the rate limit of {limit.count} per {words(limit.per)}" if limit else ""
        facts = [
            Fact(
                name=self._name(group["rule"], group["value"]),
                text=f"{digest.counted(group)}; last {moment(group['last_at_ns'], self._zone, near_ns=notice.at_ns)}",
            )
            for group in groups[: digest.SHOWN]
        ]
        if len(groups) > digest.SHOWN:
            facts.append(Fact(name="More", text=f"{len(groups) - digest.SHOWN} further alerts"))
        if self._address:
            facts.append(Fact(name="Now", text="what stands at this moment", url=f"{self._address}/"))
        data = {"held": groups, "count": total}
        return Message(
            kind=notice.kind, subject=row.subject, title=what + why, at_ns=notice.at_ns, facts=tuple(facts), data=data
        )

    # --- words and links

    def _stream(self, rule: Rule) -> str:
        indicator = self._manual.indicators.get(rule.indicator)
        return indicator.from_ if indicator else ""

    def _noun(self, rule: Rule) -> str:
        """
        What is counted: a stream of spans is named after what they are, one of a metric after what it measures.
        """
        name = self._stream(rule)
        stream = self._manual.streams.get(name)
        if stream is None:
            return "events"
        return f"readings of {spaced(name)}" if stream.signal in ("metric", "host", "query") else spaced(name)

    def _links(self, subject: str, rule: Rule | None, incident: int | None) -> dict[str, str | None]:
        runbook = rule.alert.runbook if rule else None
        return {
            "alert": self._link("alerts", subject),
            "runbook": self._link("runbooks", runbook) if runbook else None,
            "incident": None if incident is None else self._link("incidents", str(incident)),
        }

    def _link(self, page: str, name: str) -> str | None:
        return f"{self._address}/{page}/{quote(name, safe='')}" if self._address else None


def _condition(notice: Notice, rule: Rule | None) -> Condition | None:
    """
    The condition that the notice's numbers belong to; None when the manual has changed it since.
    """
    condition = rule.condition if rule else None
    if condition is None or notice.finding is None or not speaks_of(condition, notice.finding.numbers):
        return None
    return condition
