"""
What does a benchmark report?

A row is one comparison: a figure of ours, the same of a peer, and their ratio, turned so that more is better. It is the
median of n repetitions taken in turn, with the smallest and the largest of them; each ratio is of two figures taken one
after the other. A row without a peer (seconds, KiB) has no ratio and is held to a figure itself.

>>> row = ratio("spans", "spans per CPU-s", ours=[30.0, 10.0, 22.0], theirs=[1.0, 1.0, 2.0], target=18, peer="a walk")
>>> row.ratio, row.min, row.max, row.n, row.met
(11.0, 10.0, 30.0, 3, False)
>>> ratio("wait", "s", ours=[2.0], theirs=[5.0], target=2, peer="p", more_is_better=False).ratio
2.5
>>> figure("start", "s", [1.5, 1.4, 1.9], target=2).met, skipped("wait", "p", "p is not installed").met
(True, None)
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

OUT = Path(__file__).parent / "out" / "results.json"
RAW = (
    "The peer stores every raw sample, for questions not yet asked; Watchkeeper keeps only the sums that the manual "
    "asks for, and drops the sample. That is most of the difference."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One comparison. `median`, `min`, `max` are of the ratio where there is a peer, else of the figure in `unit`.
    """

    name: str
    ratio: float | None  # the same as the median; None where there is no peer
    target: float | None  # at least this ratio; without a peer: at most this figure
    unit: str  # of `ours` and `theirs`
    peer: str | None
    median: float | None
    min: float | None
    max: float | None
    n: int
    ours: float | None = None  # medians of the figures themselves
    theirs: float | None = None
    met: bool | None = None  # None where nothing is asked, or where nothing was measured
    says: str = ""  # why it was not measured, why it falls short, or what one must know to read it

    @property
    def missed(self) -> bool:
        """
        Whether it falls short of its target.
        """
        return self.met is False


def ratio(
    name: str,
    unit: str,
    *,
    ours: Sequence[float],
    theirs: Sequence[float],
    peer: str,
    target: float | None = None,
    more_is_better: bool = True,
    hangs_on: str = "",
    says: str = "",
) -> Row:
    """
    A row from figures taken in turn. `hangs_on` says what bounds it, and is told when the target is missed.
    """
    if not ours or len(ours) != len(theirs):
        raise ValueError(f"{name}: {len(ours)} figures of ours, {len(theirs)} of the peer; wanted pairs")
    pairs = zip(ours, theirs, strict=True)
    ratios = [mine / other if more_is_better else other / mine for mine, other in pairs]
    found = median(ratios)
    met = None if target is None else found >= target
    return Row(
        name=name,
        ratio=found,
        target=target,
        unit=unit,
        peer=peer,
        median=found,
        min=min(ratios),
        max=max(ratios),
        n=len(ratios),
        ours=median(ours),
        theirs=median(theirs),
        met=met,
        says=_sentences(says, hangs_on if met is False else ""),
    )


def figure(
    name: str, unit: str, figures: Sequence[float], *, target: float | None = None, hangs_on: str = "", says: str = ""
) -> Row:
    """
    A row without a peer: at most `target`.
    """
    found = median(figures)
    met = None if target is None else found <= target
    return Row(
        name=name,
        ratio=None,
        target=target,
        unit=unit,
        peer=None,
        median=found,
        min=min(figures),
        max=max(figures),
        n=len(figures),
        ours=found,
        met=met,
        says=_sentences(says, hangs_on if met is False else ""),
    )


def skipped(name: str, peer: str | None, why: str, *, target: float | None = None, unit: str = "") -> Row:
    """
    A row that could not be measured, and why.
    """
    return Row(
        name=name,
        ratio=None,
        target=target,
        unit=unit,
        peer=peer,
        median=None,
        min=None,
        max=None,
        n=0,
        says=f"not measured: {why}",
    )


def nearest_rank(figures: Sequence[float], share: float) -> float:
    """
    The smallest figure that this share of them does not exceed.

    >>> nearest_rank([float(n) for n in range(1, 201)], 0.99)
    198.0
    """
    return sorted(figures)[max(ceil(len(figures) * share) - 1, 0)]


def show(rows: Sequence[Row]) -> None:
    """
    Print the table, and below it what is to be said of its rows.
    """
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("work", "ours", "peer", "unit", "ratio", "min", "max", "n", "at least", ""):
        table.add_column(heading, justify="left" if heading in ("work", "unit", "") else "right", no_wrap=heading == "")
    for row in rows:
        table.add_row(row.name, written(row.ours), written(row.theirs), row.unit, *_judged(row))
    console = Console()
    console = console if console.is_terminal else Console(width=160)
    console.print(table)
    for row in rows:
        if row.says:
            console.print(f"  {row.name}: {row.says}", style="dim", markup=False, highlight=False)


def keep(rows: Sequence[Row], about: dict[str, object], path: Path = OUT) -> None:
    """
    Write the rows, and what they were measured on, as JSON.
    """
    path.parent.mkdir(exist_ok=True)
    found = {**about, "note": RAW, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def written(value: float | None) -> str:
    """
    A figure with three digits that mean something.

    >>> written(123456.0), written(0.01234), written(9.0), written(None)
    ('123,456', '0.0123', '9.00', '')
    """
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def _judged(row: Row) -> tuple[str, ...]:
    if row.n == 0:
        return ("", "", "", "0", written(row.target), "not measured")
    spread = (written(row.min), written(row.max), str(row.n))
    target = "" if row.target is None else written(row.target)
    if row.peer is None and target:
        target = f"at most {target}"
    return (written(row.ratio), *spread, target, {True: "met", False: "MISSED", None: ""}[row.met])


def _sentences(*said: str) -> str:
    return " ".join(one for one in said if one)
