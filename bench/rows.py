"""
What does a benchmark report?

A row is one figure with its spread: the median, the smallest and the largest of n repetitions, and the 99th percentile
where the tail is what matters. Absolute figures depend on the machine; only ratios taken in one run compare.

>>> row_of("wait", "s", [float(n) for n in range(1, 201)], tail=True).p99
198.0
"""

import json
import os
import platform
import resource
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

OUT = Path(__file__).parent / "out" / "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One figure. `aim` is what it should be, in words; empty where there is none.
    """

    name: str
    unit: str
    median: float
    min: float
    max: float
    n: int
    p99: float | None = None
    aim: str = ""


def row_of(name: str, unit: str, figures: list[float], *, aim: str = "", tail: bool = False) -> Row:
    """
    A row from its repetitions; with `tail`, also the smallest figure that 99 % of them do not exceed (nearest rank).
    """
    ranked = sorted(figures)
    return Row(
        name=name,
        unit=unit,
        median=median(ranked),
        min=ranked[0],
        max=ranked[-1],
        n=len(ranked),
        p99=ranked[ceil(len(ranked) * 0.99) - 1] if tail else None,
        aim=aim,
    )


def cpu_seconds() -> float:
    """
    The processor time of this process so far.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def per_cpu_second(work: Callable[[], int], *, repeat: int = 5) -> list[float]:
    """
    How many items of work one CPU second does, per repetition; the first call warms up and is not counted.
    """
    work()
    figures = []
    for _ in range(repeat):
        began = cpu_seconds()
        done = work()
        figures.append(done / max(cpu_seconds() - began, 1e-6))
    return figures


def report(rows: list[Row]) -> None:
    """
    Print the table and write `bench/out/results.json`.
    """
    table = Table(box=None, header_style="dim")
    for heading in ("what", "median", "p99", "min", "max", "n", "unit", "aim"):
        table.add_column(heading, justify="left" if heading in ("what", "unit", "aim") else "right")
    for row in rows:
        figures = (row.median, row.p99, row.min, row.max)
        table.add_row(row.name, *(_figure(one) for one in figures), str(row.n), row.unit, row.aim)
    console = Console()
    (console if console.is_terminal else Console(width=140)).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(_results(rows), indent=2) + "\n", encoding="utf-8")


def _results(rows: list[Row]) -> dict[str, object]:
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    return {"machine": machine, "rows": [asdict(row) for row in rows]}


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
