"""
How does one see from a terminal who is paged, and answer?
"""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, out, plain, table
from watchkeeper.manual.units import Duration, parse_duration

PATH = "/api/v1/pages"

#: What became of it, as the pages say it.
VERDICTS = {
    "hold": "held back",
    "acknowledge": "acknowledged it",
    "reopen": "gave it back",
    "snooze": "put it off",
    "escalate": "asked for the next one",
    "resolve": "ended it",
}

app = typer.Typer(
    help="Who is paged for what: list pages, acknowledge, snooze, escalate or end them, send a test.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(help="Which page.", min=1)]


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say which pages stand, and who has them.
    """
    found = call(at, "GET", PATH if all_ else f"{PATH}?standing=true")
    if json:
        as_json(found)
        return
    if not found["pages"]:
        out.print("Nobody is paged.")
        return
    table(["", "", "", "what", "who", "why", "next"], [_row(one) for one in found["pages"]], whole=3)


@app.command()
def show(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Say all that happened with a page: who was paged how, who was not, and why.
    """
    found = call(at, "GET", f"{PATH}/{number}")
    if json:
        as_json(found)
        return
    out.print(f"{found['number']} {found['state']}: {plain(found['title'])}")
    _decided(found["decisions"])


@app.command()
def why(
    key: Annotated[str, typer.Argument(help="The alert, such as disk or parse-success[platform=spotify].")],
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say why somebody was told or paged of an alert, or was not.
    """
    found = call(at, "GET", f"/api/v1/why/{quote(key, safe='')}")
    if json:
        as_json(found)
        return
    if not found["decisions"]:
        out.print("Nothing was decided about it.")
        return
    _decided(found["decisions"])


@app.command()
def ack(
    numbers: Annotated[list[int], typer.Argument(help="Which pages.", min=1)], at: At = USUAL, json: AsJson = False
) -> None:
    """
    Acknowledge pages: nobody else is paged for them.
    """
    found = call(at, "POST", f"{PATH}/acknowledge", {"pages": numbers})
    if json:
        as_json(found)
        return
    for one in found["pages"]:
        _say(one)


@app.command()
def unack(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Give a page back: it begins again from its first step.
    """
    _do(number, "unacknowledge", {}, at, json)


@app.command()
def snooze(
    number: Number,
    length: Annotated[str, typer.Argument(metavar="LENGTH", help="For how long: 30m, 2h; a day at most.")] = "1h",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Put a page off; then it begins again from its first step.
    """
    span = parse_duration(length)
    if not isinstance(span, Duration):
        raise typer.BadParameter(f"found {length!r}; wanted a span of time such as 30m", param_hint="LENGTH")
    _do(number, "snooze", {"seconds": max(1, span.ns // 10**9)}, at, json)


@app.command()
def escalate(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Page the next ones at once.
    """
    _do(number, "escalate", {}, at, json)


@app.command()
def resolve(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it is ended.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    End a page by hand, although its alerts may still fire.
    """
    _do(number, "resolve", {"reason": reason}, at, json)


@app.command("test")
def send_test(
    person: Annotated[str, typer.Argument(help="A person of the manual, or contact:NAME.")],
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Send somebody a test page by every contact method.
    """
    found = call(at, "POST", f"/api/v1/people/{quote(person, safe='')}/test", {})
    if json:
        as_json(found)
        return
    rows = [
        [
            plain(one["method"] or "-"),
            plain(one["channel"] or "-"),
            "on its way" if one["sent"] else "not sent",
            _why(one),
        ]
        for one in found["messages"]
    ]
    table(["by", "through", "", "why"], rows, whole=4)


def _decided(decisions: list[dict[str, Any]]) -> None:
    rows = [[_time(one["at"]), *_whom(one), plain(one["channel"]), _why(one)] for one in reversed(decisions)]
    table(["at", "who", "", "through", "why"], rows, whole=4)


def _whom(one: dict[str, Any]) -> tuple[str, str]:
    """
    Whom a decision is about, and what was decided, as the pages say it.
    """
    told = "told" if one["channel"] and not one["person"] else "paged"
    if one["reason"] == "lapsed" and one["verdict"] == "reopen":
        return plain(one["because_of"] or "somebody"), "no longer has it"
    who = one["person"] or ("" if one["channel"] else "nobody" if one["verdict"] in ("refuse", "hold") else "somebody")
    refused = f"not {told}" if one["person"] or one["channel"] else "paged"
    return plain(who), VERDICTS.get(one["verdict"]) or {"send": told, "refuse": refused}.get(
        one["verdict"], one["verdict"]
    )


def _do(number: int, deed: str, change: dict[str, Any], at: str, json: bool) -> None:
    found = call(at, "POST", f"{PATH}/{number}/{deed}", change)
    if json:
        as_json(found)
        return
    _say(found)


def _say(one: dict[str, Any]) -> None:
    who = f" by {plain(one['by'])}" if one["by"] else ""
    out.print(f"{one['number']} {one['state']}{who}: {plain(one['title'])}")


def _row(one: dict[str, Any]) -> list[str]:
    due = _time(one["due"]) if one["due"] else ""
    names = [plain(one["severity"] or ""), plain(one["title"]), plain(one["by"] or ""), plain(one["says"]), due]
    return [str(one["number"]), one["state"], *names]


def _why(one: dict[str, Any]) -> str:
    return plain(one["says"]) + (f": {plain(one['because_of'])}" if one["because_of"] else "")


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the second.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
