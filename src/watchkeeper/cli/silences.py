"""
How does one silence alerts from a terminal, see what that hits, and undo it?
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, counted, lines, out, plain, table
from watchkeeper.manual.units import Duration, parse_duration
from watchkeeper.outside.clock import RealClock

PATH = "/api/v1/silences"
SHOWN = 20  # alerts that a look at what is hit names

app = typer.Typer(
    help="Alerts that nobody hears of for a time: list them, silence some, undo it.", no_args_is_help=True
)

Alert = Annotated[list[str] | None, typer.Option("--alert", help="This alert rule; may be given several times.")]
Service = Annotated[list[str] | None, typer.Option("--service", help="Alerts about this service or dependency.")]
Severity = Annotated[list[str] | None, typer.Option("--severity", help="Alerts of this severity.")]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="LABEL=VALUE", help="Alerts with this value of a label.")
]


@app.command("list")
def list_(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say which alerts are silenced, by whom and until when.
    """
    found = call(at, "GET", PATH)
    if json:
        as_json(found)
        return
    if not found["silences"]:
        out.print("Nothing is silenced. Silence something with: watchkeeper silence add 2h --alert NAME --reason WHY")
        return
    table(["", "", "from", "until", "of", "why", "who"], [_row(one) for one in found["silences"]], whole=4)


@app.command()
def add(
    until: Annotated[str, typer.Argument(help="How long it lasts, or when it ends: 2h, or 2026-11-20T10:30.")],
    reason: Annotated[str, typer.Option(help="Why nobody should hear of it.")],
    alert: Alert = None,
    service: Service = None,
    severity: Severity = None,
    only: Only = None,
    everything: Annotated[bool, typer.Option("--everything", help="Every alert there is.")] = False,
    begin: Annotated[str, typer.Option("--from", help="When it begins: 2026-11-20T10:00; now unless said.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Silence alerts for a time. At its end, what still fires is told and paged.
    """
    meant = _meant(alert, service, severity, only)
    if not meant and not everything:
        wanted = "wanted --alert, --service, --severity or --only, or --everything"
        raise typer.BadParameter(f"found nothing that says what to silence; {wanted}")
    begins = _instant(begin, "--from") if begin else None
    length = parse_duration(until)
    ends = (begins or RealClock().now()) + _span(length) if isinstance(length, Duration) else _instant(until, "UNTIL")
    wish = {"ends": ends.isoformat(), "reason": reason, "meant": meant}
    if begins is not None:
        wish["begins"] = begins.isoformat()
    found = call(at, "POST", PATH, wish)
    if json:
        as_json(found)
        return
    out.print(f"silenced as {found['number']}: {plain(found['of'])}, until {_time(found['ends'])}")
    out.print(f"[dim]undo it with: watchkeeper silence undo {found['number']}[/dim]")


@app.command()
def preview(
    alert: Alert = None,
    service: Service = None,
    severity: Severity = None,
    only: Only = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say what a silence would hit; nothing changes.
    """
    found = call(at, "POST", f"{PATH}/preview", _meant(alert, service, severity, only))
    if json:
        as_json(found)
        return
    rules, alerts = counted(len(found["rules"]), "rule"), counted(len(found["alerts"]), "alert")
    out.print(f"{rules}, {alerts}, firing: {len(found['firing'])}")
    lines([plain(key) for key in found["alerts"][:SHOWN]])
    if len(found["alerts"]) > SHOWN:
        out.print(f"and {len(found['alerts']) - SHOWN} more")


@app.command()
def undo(
    number: Annotated[int, typer.Argument(help="Which silence.", min=1)], at: At = USUAL, json: AsJson = False
) -> None:
    """
    End a silence before its time: what still fires is told and paged.
    """
    found = call(at, "POST", f"{PATH}/{number}/undo", {})
    if json:
        as_json(found)
        return
    out.print(f"no longer silenced: {plain(found['of'])}")


def _meant(
    alert: list[str] | None, service: list[str] | None, severity: list[str] | None, only: list[str] | None
) -> dict[str, Any]:
    labels: dict[str, list[str]] = {}
    for pair in only or ():
        label, equals, value = pair.partition("=")
        if not (label and equals and value):
            wanted = "wanted LABEL=VALUE, such as platform=spotify"
            raise typer.BadParameter(f"found {pair!r}; {wanted}", param_hint="--only")
        labels.setdefault(label, []).append(value)
    said = {"alert": alert, "service": service, "severity": severity, "label": labels}
    return {what: value for what, value in said.items() if value}


def _span(length: Duration) -> timedelta:
    return timedelta(microseconds=length.ns // 1000)


def _instant(text: str, what: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wanted = "wanted an instant such as 2026-11-20T10:00 or 2026-11-20T10:00+01:00"
        raise typer.BadParameter(f"found {text!r}; {wanted}", param_hint=what) from None
    return found if found.tzinfo else found.replace(tzinfo=RealClock().now().astimezone().tzinfo)


def _row(one: dict[str, Any]) -> list[str]:
    who = plain(one["author"]) + (f", undone by {plain(one['undone_by'])}" if one["undone"] else "")
    holds = "holds" if one["holds"] else ""
    span = (_time(one["begins"]), _time(one["ends"]))
    return [str(one["number"]), holds, *span, plain(one["of"]), plain(one["reason"]), who]


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the minute.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
