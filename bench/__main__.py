"""
How fast is it, on this machine, now?

    python -m bench              everything; QUICK=1 for the short form
    python -m bench decoding     one part, or several
    python -m bench soak         minutes at half the highest rate: is memory flat? (SECONDS=600)
"""

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable

from bench import crossing, decoding, evaluating, growing, paging, soak, starting, writing
from bench.rows import RAW, Row, keep, show, skipped
from bench.setting import Setting
from watchkeeper.measure.native import backend

PARTS: dict[str, Callable[[Setting], list[Row]]] = {
    "decoding": decoding.measure,
    "growing": growing.measure,
    "writing": writing.measure,
    "evaluating": evaluating.measure,
    "crossing": crossing.measure,
    "starting": starting.measure,
    "paging": paging.measure,
}


def main(names: list[str]) -> int:
    """
    Measure the named parts, or all; the exit status, which no speed changes.
    """
    if names == ["soak"]:
        return soak.soak(float(os.environ.get("SECONDS", soak.SECONDS)))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"found {' '.join(unknown)}; wanted some of {' '.join(PARTS)}, or soak")
        return 2
    setting, began = Setting.of(os.environ), time.monotonic()
    rows: list[Row] = []
    failed = 0
    for name in names or PARTS:
        try:
            found = PARTS[name](setting)
        except Exception as error:  # one part must not take the others with it; the exit status tells
            traceback.print_exc()
            found, failed = [skipped(name, None, f"{type(error).__name__}: {error}")], failed + 1
        print(f"-- {name}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        rows += found
        keep(rows, _about(setting, time.monotonic() - began))
    show(rows)
    print(RAW)
    print(f"{setting.says()}; {time.monotonic() - began:.0f} s on {os.cpu_count()} processors, {backend.in_use()}")
    return 1 if failed else 0


def _about(setting: Setting, seconds: float) -> dict[str, object]:
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    return {"machine": machine, "form": setting.says(), "seconds": round(seconds), "compiled": backend.in_use()}


sys.exit(main(sys.argv[1:]))
