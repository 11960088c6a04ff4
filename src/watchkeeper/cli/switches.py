"""
How does one flip a switch of the live application from a terminal, let that last longer, and undo it?
"""

from datetime import datetime
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, out, plain, table
from watchkeeper.manual.units import Duration, parse_duration

PATH = "/api/v1"

app = typer.Typer(
    help="Switches that the live application obeys: list them, flip one, extend it, undo it.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(help="Which flip.", min=1)]


@app.command("list")
def list_(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say what every switch says now, who flipped it and until when.
    """
    found = call(at, "GET", f"{PATH}/switches")
    if json:
        as_json(found)
        return
    if not found["switches"]:
        out.print("The manual has no switches. Declare them under `switches:`.")
        return
    rows = [row for one in found["switches"] for row in _rows(one)]
    table(["switch", "says", "flip", "until", "why", "who"], rows, whole=1)


@app.command()
def log(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say what was flipped lately, and how it ended.
    """
    found = call(at, "GET", f"{PATH}/flips")
    if json:
        as_json(found)
        return
    if not found["flips"]:
        out.print("Nothing was flipped yet.")
        return
    table(["flip", "switch", "says", "from", "ended", "why", "who"], [_past(one) for one in found["flips"]], whole=1)


@app.command("set")
def set_(
    switch: Annotated[str, typer.Argument(help="Which switch.")],
    value: Annotated[list[str], typer.Argument(help="To what; several members for a set.")],
    length: Annotated[str, typer.Option("--for", help="How long it lasts: 2h.")],
    reason: Annotated[str, typer.Option(help="Why it is flipped.")],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ATTRIBUTE=VALUE", help="Only for those who have this.")
    ] = None,
    share: Annotated[float, typer.Option(help="For so many percent of the targeting keys.", min=0, max=100)] = 100,
    ramp: Annotated[str, typer.Option(help="How it comes in: '10% every 5m'; at once unless said.")] = "",
    incident: Annotated[int | None, typer.Option(help="The incident that it is for.", min=1)] = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Flip a switch for a time. At its end, what held before holds again.
    """
    wish: dict[str, Any] = {"switch": switch, "value": value, "for_seconds": _seconds(length), "reason": reason}
    wish |= {"only": _only(only), "share": share, "ramp": ramp, "incident": incident}
    found = call(at, "POST", f"{PATH}/flips", wish)
    if json:
        as_json(found)
        return
    out.print(f"{plain(found['switch'])}: {plain(found['says'])}, until {_time(found['expires'])}")
    out.print(f"[dim]undo it with: watchkeeper switch undo {found['number']}[/dim]")


@app.command()
def extend(
    number: Number,
    length: Annotated[str, typer.Option("--for", help="How long it holds from now on: 2h.")],
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Let a flip hold so long from now on.
    """
    found = call(at, "POST", f"{PATH}/flips/{number}/extend", {"for_seconds": _seconds(length)})
    if json:
        as_json(found)
        return
    out.print(f"{plain(found['switch'])}: {plain(found['says'])}, until {_time(found['expires'])}")


@app.command()
def undo(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    End a flip before its time: what held before holds again.
    """
    found = call(at, "POST", f"{PATH}/flips/{number}/undo", {})
    if json:
        as_json(found)
        return
    out.print(f"undone: {plain(found['switch'])} {plain(found['says'])}")


def _seconds(text: str) -> int:
    length = parse_duration(text)
    if not isinstance(length, Duration) or length.ns < 10**9:
        raise typer.BadParameter(f"found {text!r}; wanted a time such as 30m or 2h", param_hint="--for")
    return length.ns // 10**9


def _only(pairs: list[str] | None) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            wanted = "wanted ATTRIBUTE=VALUE, such as platform=spotify"
            raise typer.BadParameter(f"found {pair!r}; {wanted}", param_hint="--only")
        said.setdefault(name, []).append(value)
    return said


def _rows(one: dict[str, Any]) -> list[list[str]]:
    rows = [[plain(one["name"]), plain(one["says"]), "", "", "", ""]]
    for flip in reversed(one["flips"]):
        who = (plain(flip["reason"]), plain(flip["author"]))
        rows.append(["", plain(flip["says"]), str(flip["number"]), _time(flip["expires"]), *who])
    return rows


def _past(one: dict[str, Any]) -> list[str]:
    ended = f"{_time(one['ended'])} {one['ended_because']}" if one["ended"] else f"holds until {_time(one['expires'])}"
    who = (plain(one["reason"]), plain(one["author"]))
    return [str(one["number"]), plain(one["switch"]), plain(one["says"]), _time(one["begins"]), ended, *who]


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the minute.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
