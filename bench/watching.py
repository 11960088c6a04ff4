"""
How is a watch of ours started for a measurement?

The same program that users start, in a process of its own, with a manual and a data folder that are thrown away.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import asking, processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    A running watch.
    """

    pid: int
    address: str

    def asked(self, path: str) -> Any:
        """
        What its API says at a path below `/api/v1`.
        """
        return asking.get_json(self.address, f"/api/v1{path}")


def as_installed(environ: Mapping[str, str]) -> dict[str, str]:
    """
    The environment without what would have Python compile every module at every start: whoever installs a program has
    it compiled once.
    """
    return {name: told for name, told in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def running(folder: Path, manual: str | None, environ: Mapping[str, str] | None = None) -> Iterator[Watch]:
    """
    A watch by a manual; with None, by the one that lies in the folder. Raises NotReady when it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if manual is not None:
        (folder / "manual.yaml").write_text(manual, encoding="utf-8")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "watchkeeper.cli.main", "up", str(folder / "manual.yaml")),
            *("--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--allow-private"),
        ],
        stdout=subprocess.PIPE,
        env={**as_installed(os.environ), **(environ or {})},
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline().decode().split()
        if not said:
            raise processes.NotReady("the watch did not start; what it said stands above")
        threading.Thread(target=process.stdout.read, daemon=True).start()  # whatever else it says holds nobody up
        asking.introduce(said[-1], (folder / "data" / "operator-token").read_text().strip())
        yield Watch(pid=process.pid, address=said[-1])
    finally:
        processes.stop(process)
        process.stdout.close()
