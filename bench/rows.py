"""
What does a benchmark report?

A row is one figure with its spread: the median, the smallest and the largest of n repetitions. Absolute figures depend on the
machine; only ratios taken in one run compare.
"""

import json
import resource
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
    aim: str = ""


def row_of(name: str, unit: str, figures: list[float], *, aim: str = "") -> Row:
    """
    A row from its repetitions.
    """
    return Row(name=name, unit=unit, median=median(figures), min=min(figures), max=max(figures), n=len(figures), aim=aim)


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
    for heading in ("what", "median", "min", "max", "n", "unit", "aim"):
        table.add_column(heading, justify="right" if heading in ("median", "min", "max", "n") else "left")
    for row in rows:
        table.add_row(row.name, *(_figure(one) for one in (row.median, row.min, row.max)), str(row.n), row.unit, row.aim)
    Console().print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
