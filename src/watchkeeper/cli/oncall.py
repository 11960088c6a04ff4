"""
Who is on call, when does nobody hear, and how does one stand in for somebody, from a terminal?
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, counted, out, plain, table
from watchkeeper.manual.units import Duration, parse_duration
from watchkeeper.outside.clock import RealClock

PATH = "/api/v1"
NOBODY = "nobody"

app = typer.Typer(
    help="Who is on call now, until when, who next; holes, overrides and swaps.", invoke_without_command=True
)

Days = Annotated[int, typer.Option(min=1, max=366, help="Over so many days from now on.")]
Schedule = Annotated[str, typer.Argument(help="Which schedule.")]
Reason = Annotated[str, typer.Option(help="Why the rotation does not hold.")]


@app.callback()
def now(
    context: typer.Context,
    role: Annotated[str, typer.Option(help="Only schedules of this role: primary, secondary, manager.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say who is on call now, until when, and who comes next.
    """
    if context.invoked_subcommand is not None:
        return
    found = call(at, "GET", f"{PATH}/on-call" + (f"?{urlencode({'role': role})}" if role else ""))
    if json:
        as_json(found)
        return
    if not found["schedules"]:
        out.print(f"No schedule has the role {plain(role)}." if role else "The manual has no `schedules`.")
        return
    table(["schedule", "role", "on call", "until", "next"], [_duty(one) for one in found["schedules"]], whole=1)
    for one in found["schedules"]:
        if one["why_unreachable"]:
            out.print(f"[red]{plain(one['person'])} cannot be reached[/red]: {plain(one['why_unreachable'])}")


@app.command()
def shifts(
    schedule: Annotated[str, typer.Argument(help="Which schedule; not needed where there is only one.")] = "",
    days: Days = 14,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say who is on call when.
    """
    schedule = schedule or _only_schedule(at)
    found = call(at, "GET", f"{PATH}/shifts?{urlencode({'schedule': schedule, 'days': days})}")
    if json:
        as_json(found)
        return
    rows = [[_time(one["begins"]), _time(one["ends"]), _who(one["person"]), _by(one)] for one in found["shifts"]]
    table(["from", "to", "on call", ""], rows, whole=2)


@app.command()
def holes(days: Days = 30, at: At = USUAL, json: AsJson = False) -> None:
    """
    Say when a page would reach nobody. Ends with 1 when it would.
    """
    found = call(at, "GET", f"{PATH}/holes?{urlencode({'days': days})}")
    if json:
        as_json(found)
    elif not found["holes"]:
        out.print(f"Every page of the next {counted(days, 'day')} reaches somebody.")
    else:
        rows = [_hole(one) for one in found["holes"]]
        table(["from", "to", "hours", "page", "why"], rows, whole=4)
    if not json and found["gaps"]:
        empty = sum((_length(one) for one in found["gaps"]), timedelta())
        names = ", ".join(dict.fromkeys(plain(one["schedule"]) for one in found["gaps"]))
        out.print(f"[dim]Schedules with nobody for {_hours(empty)} hours in all: {names}[/dim]")
    raise typer.Exit(1 if found["holes"] else 0)


@app.command("overrides")
def overrides_(at: At = USUAL, json: AsJson = False) -> None:
    """
    List the exceptions from the rotations, newest first.
    """
    found = call(at, "GET", f"{PATH}/overrides")
    if json:
        as_json(found)
        return
    if not found["overrides"]:
        out.print("There is none. Make one with: watchkeeper oncall override SCHEDULE PERSON END --reason WHY")
        return
    table(["", "schedule", "from", "to", "on call", "why", "who"], [_row(one) for one in found["overrides"]], whole=4)


@app.command()
def override(
    schedule: Schedule,
    person: Annotated[str, typer.Argument(help=f"Who is on call instead; `{NOBODY}`: nobody.")],
    end: Annotated[str, typer.Argument(help="When it ends, or how long it lasts: 2026-11-20T18:00, or 3h.")],
    reason: Reason,
    begin: Annotated[str, typer.Option(help="When it begins; now unless said.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Put somebody on call instead of whoever it is.
    """
    begins = _instant(begin, "--begin") if begin else RealClock().now()
    length = parse_duration(end)
    ends = begins + timedelta(microseconds=length.ns // 1000) if isinstance(length, Duration) else _instant(end, "END")
    wish: dict[str, Any] = {
        "schedule": schedule,
        "person": "" if person == NOBODY else person,
        "ends": ends.isoformat(),
        "reason": reason,
    }
    found = call(at, "POST", f"{PATH}/overrides", wish | ({"begins": begins.isoformat()} if begin else {}))
    if json:
        as_json(found)
        return
    out.print(f"override {found['number']}: {_said(found)}")
    out.print(f"[dim]undo it with: watchkeeper oncall undo {found['number']}[/dim]")


@app.command()
def swap(
    schedule: Schedule,
    first: Annotated[str, typer.Argument(help="An instant of the one shift: 2026-11-23T12:00.")],
    second: Annotated[str, typer.Argument(help="An instant of the other shift.")],
    reason: Reason,
    other: Annotated[str, typer.Option("--with", help="The schedule of the other shift, if it is another one.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Let two people take each other's shifts.
    """
    wish: dict[str, Any] = {
        "schedule": schedule,
        "first": _instant(first, "FIRST").isoformat(),
        "second": _instant(second, "SECOND").isoformat(),
        "reason": reason,
    }
    found = call(at, "POST", f"{PATH}/swaps", wish | ({"with_schedule": other} if other else {}))
    if json:
        as_json(found)
        return
    for one in found["overrides"]:
        out.print(f"override {one['number']}: {_said(one)}")
    out.print(f"[dim]undo both with: watchkeeper oncall undo {found['overrides'][0]['number']}[/dim]")


@app.command()
def undo(
    number: Annotated[int, typer.Argument(help="Which override.", min=1)], at: At = USUAL, json: AsJson = False
) -> None:
    """
    Let the rotation hold again; both halves of a swap go together.
    """
    found = call(at, "POST", f"{PATH}/overrides/{number}/undo", {})
    if json:
        as_json(found)
        return
    out.print(f"undone: {_said(found)}")


def _duty(one: dict[str, Any]) -> list[str]:
    coming = _who(one["next"]) if one["next"] else "-"
    if one["next_from"] and one["next_from"] != one["until"]:
        coming += f" (from {_time(one['next_from'])})"
    until = _time(one["until"]) if one["until"] else "no end in sight"
    who = _who(one["person"]) + (f" (override {one['override']['number']})" if one["override"] else "")
    return [plain(one["schedule"]), plain(one["role"] or ""), who, until, coming]


def _hole(one: dict[str, Any]) -> list[str]:
    page = " ".join(filter(None, (one["policy"] or "everyone", one["severity"])))
    return [_time(one["begins"]), _time(one["ends"]), _hours(_length(one)), plain(page), plain(one["why"])]


def _row(one: dict[str, Any]) -> list[str]:
    who = plain(one["author"]) + (f", undone by {plain(one['undone_by'])}" if one["undone"] else "")
    times = [_time(one["begins"]), _time(one["ends"])]
    return [str(one["number"]), plain(one["schedule"]), *times, _who(one["person"]), plain(one["reason"]), who]


def _said(one: dict[str, Any]) -> str:
    span = f"{_time(one['begins'])} to {_time(one['ends'])}"
    return f"{_who(one['person'])} is on call in {plain(one['schedule'])}, {span}"


def _only_schedule(at: str) -> str:
    names = [one["schedule"] for one in call(at, "GET", f"{PATH}/on-call")["schedules"]]
    if len(names) != 1:
        known = ", ".join(names) or "none: the manual has no `schedules`"
        raise typer.BadParameter(f"found no name; wanted one of the schedules ({known})", param_hint="SCHEDULE")
    return str(names[0])


def _who(person: str | None) -> str:
    return plain(person) if person else f"[red]{NOBODY}[/red]"


def _by(one: dict[str, Any]) -> str:
    if one["override"]:
        return f"override {one['override']}"
    return f"layer {one['layer']}" if one["layer"] else ""


def _length(one: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(one["ends"]) - datetime.fromisoformat(one["begins"])


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.4g}"


def _instant(text: str, what: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wanted = "wanted an instant such as 2026-11-20T10:00 or 2026-11-20T10:00+01:00"
        raise typer.BadParameter(f"found {text!r}; {wanted}", param_hint=what) from None
    return found if found.tzinfo else found.astimezone()


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the minute; none is more than a year away.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%a %-d %b %H:%M")
