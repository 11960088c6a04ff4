"""
How do shifts get into the calendars that people look at anyway?

`/calendars/SCHEDULE.ics` is an iCalendar feed (RFC 5545) of one schedule; `?person=NAME` leaves only their shifts. A
calendar program cannot sign in, so that here a token may stand in the address: `?token=wk_...`.
"""

from datetime import timedelta
from hashlib import blake2b
from typing import Final

from icalendar import Calendar, Event, vText
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchkeeper.act.oncall import OnCall
from watchkeeper.act.plain import plain
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Shift
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.outside.clock import instant
from watchkeeper.web.doors import Doors

ENDING: Final = ".ics"
DAY_NS: Final = 86_400 * 10**9
BACK_NS: Final = 35 * DAY_NS
AHEAD_NS: Final = 182 * DAY_NS
MOST_TEXT: Final = 1000  # characters
REFRESH: Final = timedelta(hours=1)


class CalendarFeed:
    """
    The feeds of a running watch.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._watch, self._doors = watch, doors
        self._desk = OnCall(watch.state, watch.clock, lambda: watch.standing)

    def routes(self) -> list[Route]:
        """
        The route.
        """
        return [Route("/calendars/{file:text}", self._feed)]

    def _feed(self, request: Request) -> Response:
        file, schedules = str(request.path_params["file"]), self._desk.manual.schedules
        name = file.removesuffix(ENDING)
        if name == file or name not in schedules:
            wanted = f"wanted the name of a schedule and {ENDING}{nearest(name, schedules)}"
            why = f"found no calendar {file[:200]!r}; {wanted}"
            return JSONResponse({"error": why, "nearest": []}, status_code=404)
        person = request.query_params.get("person")
        headers = {"Cache-Control": "private, max-age=300", "Content-Disposition": "inline"}
        return Response(self._calendar(name, person), media_type="text/calendar", headers=headers)

    def _calendar(self, name: str, person: str | None) -> bytes:
        manual, now_ns = self._desk.manual, self._watch.clock.now_ns()
        today_ns = now_ns - now_ns % DAY_NS
        calendar = Calendar()
        calendar.add("prodid", "-//Watchkeeper//on call//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", vText(plain(f"{manual.manual}: {manual.schedules[name].title or name}")))
        calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
        begin_ns = today_ns - BACK_NS
        for shift in self._desk.shifts(name, begin_ns=begin_ns, end_ns=today_ns + AHEAD_NS):
            if shift.begin_ns == begin_ns and shift.end_ns <= now_ns:
                continue  # it began before, and would be another event every day
            if shift.person is not None and person in (None, shift.person):
                calendar.add_component(self._event(name, shift, manual, now_ns=now_ns))
        written: bytes = calendar.to_ical()
        return written

    def _event(self, name: str, shift: Shift, manual: Manual, *, now_ns: int) -> Event:
        entry, person = manual.schedules[name], manual.people.get(shift.person or "")
        called = (person.name or person.title if person else None) or shift.person
        event = Event()
        event.add("uid", f"{_digest(manual.manual, name, shift)}@watchkeeper")
        event.add("dtstamp", instant(now_ns).replace(microsecond=0))
        event.add("dtstart", instant(shift.begin_ns).replace(microsecond=0))
        event.add("dtend", instant(shift.end_ns).replace(microsecond=0))
        event.add("summary", plain(f"{called} is on call ({entry.role or entry.title or name})", most=MOST_TEXT))
        if shift.override_id is not None:
            row = self._desk.found(shift.override_id)
            said = f"Override {shift.override_id}: {row.reason}" if row else "An override"
            event.add("description", plain(said, most=MOST_TEXT))
        event.add("url", f"{self._doors.address}/on-call")
        event.add("transp", "TRANSPARENT")
        return event


def _digest(manual: str, schedule: str, shift: Shift) -> str:
    """
    The same shift is the same event, however often the feed is fetched.
    """
    said = "\0".join((manual, schedule, shift.person or "", str(shift.begin_ns)))
    return blake2b(said.encode(), digest_size=12).hexdigest()
