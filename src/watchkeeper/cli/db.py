"""
How does one look after what a watch remembers: is it sound, is there a copy, and does the copy come back?
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.asking import AsJson
from watchkeeper.cli.home import DATABASE, home_of
from watchkeeper.cli.say import as_json, counted, err, lines, out, plain
from watchkeeper.outside.clock import RealClock
from watchkeeper.store.errors import StoreError
from watchkeeper.store.postgres import Where

app = typer.Typer(help="What a watch remembers: check it, back it up, restore it.", no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="The folder that holds everything remembered.")]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help=f"The PostgreSQL that remembers instead of the folder. With a password: {DATABASE}.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Take the place of what is there.")]
FOLDER = Path("watchkeeper-data")


@app.command()
def check(data: Data = FOLDER, database: Database = None, json: AsJson = False) -> None:
    """
    Read everything and say whether it is sound; a watch may run meanwhile. Ends with 1 when it is not.
    """
    from watchkeeper.store.checking import check as check_  # SQLAlchemy takes a while: only those who need it wait

    try:
        found = check_(_place(data, database))
    except StoreError as error:
        raise _failed(error) from None
    if json:
        as_json(found)
    elif found["sound"]:
        out.print(f"{plain(found['home'])} is sound: {found['says']}", soft_wrap=True)
    else:
        lines(found["findings"], err)
        err.print(f"{plain(found['home'])} is not sound: {counted(len(found['findings']), 'finding')}", soft_wrap=True)
    raise typer.Exit(0 if found["sound"] else 1)


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, such as monday.backup.")],
    data: Data = FOLDER,
    database: Database = None,
    force: Force = False,
    json: AsJson = False,
) -> None:
    """
    Write everything that a watch remembers into one file; a watch may run meanwhile.
    """
    from watchkeeper.store.backup import back_up

    try:
        about = back_up(_place(data, database), to, now_ns=RealClock().now_ns(), told=_told(json), force=force)
    except StoreError as error:
        raise _failed(error) from None
    if json:
        as_json(about)
    else:
        out.print(f"{plain(str(to))}: {to.stat().st_size:,} bytes, the log up to {about['sequence']}", soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `watchkeeper db backup` wrote.")],
    data: Data = FOLDER,
    database: Database = None,
    force: Force = False,
    json: AsJson = False,
) -> None:
    """
    Bring a backup back, into an empty folder or database, all of it or nothing. No watch may run there meanwhile.

    It does not matter whether the backup is of a folder or of a database. With --force it takes the place of what is
    there; of a folder, that is kept under another name.
    """
    from watchkeeper.store.restore import restore as restore_

    try:
        where = _place(data, database)
        about = restore_(file, where, told=_told(json), force=force)
    except StoreError as error:
        raise _failed(error) from None
    if json:
        as_json(about)
    else:
        out.print(f"{plain(str(where))} holds what {plain(str(file))} held: the log up to {about['sequence']}")


def _place(data: Path, database: str | None) -> Path | Where:
    return home_of(database, os.environ) or data


def _told(json: bool) -> Callable[[str, int], None]:
    """
    A line for each table as it is done; none where a program reads along.
    """
    return (lambda _name, _rows: None) if json else (lambda name, rows: out.print(f"  {name}: {rows:,} rows"))


def _failed(error: StoreError) -> typer.Exit:
    err.print(str(error), markup=False, soft_wrap=True)
    return typer.Exit(1)
