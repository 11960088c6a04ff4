"""
How is a Prometheus started, fed and asked?

The one of Debian's package, on a free loopback port, its data in a folder that is thrown away. It is given what it
needs to be at its best: no scraping of itself, blocks as large as its own compaction would make them.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import asking, processes

NAME = "Prometheus"
WRITE = "/api/v1/write"
BLOCK_HOURS = 54  # as large as compaction makes them where 40 days are kept
BLOCK_SECONDS = BLOCK_HOURS * 3600

Labels = tuple[tuple[str, str], ...]


def version() -> str:
    """
    Its name with its version. Raises Missing where it is not installed.
    """
    told = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
    return f"{NAME} {(told.stdout + told.stderr).split()[2].partition('+')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """
    A running Prometheus.
    """

    pid: int
    address: str

    def query(self, expression: str, *, at: float | None = None) -> dict[Labels, float]:
        """
        The vector that an expression gives at an instant (seconds), by labels; without an instant, now.
        """
        form = {"query": expression} | ({} if at is None else {"time": f"{at:.3f}"})
        answer = json.loads(asking.post(self.address, "/api/v1/query", data=form))
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in answer["data"]["result"]}

    def number(self, expression: str, *, at: float | None = None) -> float:
        """
        The single number that an expression gives; NaN where it gives none.
        """
        found = self.query(expression, at=at)
        return next(iter(found.values()), float("nan"))

    def told(self, metric: str) -> float:
        """
        What it says of itself: the sum over all samples of one of its own metrics.
        """
        lines = asking.get(self.address, "/metrics").decode().splitlines()
        found = [line.rpartition(" ")[2] for line in lines if line.partition("{")[0].partition(" ")[0] == metric]
        return sum(float(one) for one in found)


@contextmanager
def running(
    folder: Path, *, rules: str | None = None, alertmanager: str | None = None, every: str = "1m"
) -> Iterator[Prometheus]:
    """
    A Prometheus whose data lie in `folder/data`; rules are evaluated `every` so long.

    Raises:
        Missing: it is not installed.
        NotReady: it did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(_config(rules is not None, alertmanager, every), encoding="utf-8")
    if rules is not None:
        (folder / "rules.yml").write_text(rules, encoding="utf-8")
    listen = f"127.0.0.1:{processes.free_port()}"
    process = subprocess.Popen(
        [
            _program(),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=40d",
            f"--web.listen-address={listen}",
            "--web.enable-remote-write-receiver",
            "--rules.alert.resend-delay=1s",
            "--log.level=error",
        ]
    )
    server = Prometheus(pid=process.pid, address=f"http://{listen}")
    try:
        processes.wait_for(process, lambda: asking.answers(server.address, "/-/ready"), NAME)
        yield server
    finally:
        processes.stop(process)


def backfill(text: Path, folder: Path) -> None:
    """
    Make blocks of what an OpenMetrics file holds. Raises Missing where promtool is not installed.
    """
    tool = processes.found("promtool", "prometheus")
    how = ["tsdb", "create-blocks-from", f"--max-block-duration={BLOCK_HOURS}h", "--quiet"]
    subprocess.run([tool, *how, "openmetrics", str(text), str(folder / "data")], check=True, stdout=subprocess.DEVNULL)


def _program() -> str:
    return processes.found("prometheus", "prometheus")


def _config(rules: bool, alertmanager: str | None, every: str) -> str:
    lines = ["global:", f"  evaluation_interval: {every}"]
    if rules:
        lines += ["rule_files: [rules.yml]"]
    if alertmanager is not None:
        lines += ["alerting:", "  alertmanagers:", f"    - static_configs: [{{targets: ['{alertmanager}']}}]"]
    return "\n".join(lines) + "\n"
