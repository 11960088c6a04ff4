"""
How does one take minutes out of the numbers from a terminal, and put them back?
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, out, plain, table
from watchkeeper.manual.units import Duration, parse_duration
from watchkeeper.outside.clock import RealClock

PATH = "/api/v1/exclusions"

app = typer.Typer(
    help="Minutes that count in no window: list them, take some out, put them back.", no_args_is_help=True
)


@app.command("list")
def list_(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say which minutes are out of the numbers, and who took them out.
    """
    found = call(at, "GET", PATH)
    if json:
        as_json(found)
        return
    if not found["exclusions"]:
        out.print("No minutes are taken out. Take some out with: watchkeeper exclusion add BEGIN END --reason WHY")
        return
    table(["", "from", "to", "of", "why", "who"], [_row(one) for one in found["exclusions"]], whole=3)


@app.command()
def add(
    begin: Annotated[str, typer.Argument(help="When it begins: 2026-11-20T10:00 (here, unless a zone is written).")],
    end: Annotated[str, typer.Argument(help="When it ends, or how long it lasts: 2026-11-20T10:30, or 30m.")],
    reason: Annotated[str, typer.Option(help="Why these minutes should not count.")],
    indicator: Annotated[str, typer.Option(help="Only this indicator.")] = "",
    service: Annotated[str, typer.Option(help="Only what is measured of this service.")] = "",
    only: Annotated[str, typer.Option(metavar="LABEL=VALUE", help="Only this value of a label.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Take minutes out of the numbers, before or after the fact. They are widened to whole minutes.
    """
    label, equals, value = only.partition("=")
    if only and not (label and equals and value):
        raise typer.BadParameter(f"found {only!r}; wanted LABEL=VALUE, such as platform=spotify", param_hint="--only")
    begins = _instant(begin, "BEGIN")
    length = parse_duration(end)
    ends = begins + timedelta(microseconds=length.ns // 1000) if isinstance(length, Duration) else _instant(end, "END")
    wish = {
        "begins": begins.isoformat(),
        "ends": ends.isoformat(),
        "reason": reason,
        "indicator": indicator,
        "service": service,
        "label": label,
        "value": value,
    }
    found = call(at, "POST", PATH, wish)
    if json:
        as_json(found)
        return
    out.print(f"taken out as {found['number']}: {_span(found)}, {_of(found)}")
    out.print(f"[dim]put them back with: watchkeeper exclusion undo {found['number']}[/dim]")


@app.command()
def undo(
    number: Annotated[int, typer.Argument(help="Which exclusion.", min=1)],
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Put minutes back: the numbers are what they were.
    """
    found = call(at, "POST", f"{PATH}/{number}/undo", {})
    if json:
        as_json(found)
        return
    out.print(f"put back: {_span(found)}, {_of(found)}")


def _instant(text: str, what: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wanted = "wanted an instant such as 2026-11-20T10:00 or 2026-11-20T10:00+01:00"
        raise typer.BadParameter(f"found {text!r}; {wanted}", param_hint=what) from None
    return found if found.tzinfo else found.replace(tzinfo=RealClock().now().astimezone().tzinfo)


def _row(one: dict[str, Any]) -> list[str]:
    who = plain(one["author"]) + (f", put back by {plain(one['undone_by'])}" if one["undone"] else "")
    return [str(one["number"]), _time(one["begins"]), _time(one["ends"]), _of(one), plain(one["reason"]), who]


def _span(one: dict[str, Any]) -> str:
    return f"{_time(one['begins'])} to {_time(one['ends'])}"


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the minute.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _of(one: dict[str, Any]) -> str:
    what = plain(", ".join(one["indicators"])) or "everything"
    return f"{what} ({plain(one['label'])}={plain(one['value'])})" if one["label"] else what
