"""
How is an Alertmanager started, so that it tells at once?

The one of Debian's package, with no cluster, no wait before the first message of a group, and every alert in a group of
its own.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import asking, processes

NAME = "Alertmanager"
_CONFIG = """
route:
  receiver: bench
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: bench
    webhook_configs:
      - {{url: '{receiver}', send_resolved: false}}
"""


def version() -> str:
    """
    Its name with its version. Raises Missing where it is not installed.
    """
    told = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
    return f"{NAME} {(told.stdout + told.stderr).split()[2].partition('+')[0]}"


@contextmanager
def running(folder: Path, *, receiver: str) -> Iterator[tuple[int, str]]:
    """
    An Alertmanager that posts to `receiver`: its process and its HOST:PORT.

    Raises:
        Missing: it is not installed.
        NotReady: it did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(_CONFIG.format(receiver=receiver), encoding="utf-8")
    listen = f"127.0.0.1:{processes.free_port()}"
    process = subprocess.Popen(
        [
            _program(),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={listen}",
            "--cluster.listen-address=",  # else it opens a port to everybody
            "--log.level=error",
        ]
    )
    try:
        processes.wait_for(process, lambda: asking.answers(f"http://{listen}", "/-/ready"), NAME)
        yield process.pid, listen
    finally:
        processes.stop(process)


def _program() -> str:
    return processes.found("prometheus-alertmanager", "prometheus-alertmanager")
