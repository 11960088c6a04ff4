"""
What does a process cost, and is it ready?

Processor time is read from the clock that the kernel keeps for each process, in nanoseconds; a process counts with its
children.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import psutil

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class Missing(Exception):
    """
    A peer is not on this machine: its rows are skipped, with this reason.
    """


class NotReady(Exception):
    """
    A process ended, or did not answer in time.
    """


def found(program: str, package: str) -> str:
    """
    The path of a program. Raises Missing where it is not installed.
    """
    path = shutil.which(program)
    if path is None:
        raise Missing(f"{program} is not installed (Debian package {package})")
    return path


def cpu_seconds(pid: int | None = None) -> float:
    """
    The processor time of a process and its children so far; without a number, of this process alone.
    """
    if pid is None:
        return time.process_time()
    return sum(time.clock_gettime(_clock_of(one.pid)) for one in _tree(pid))


def resident_bytes(pid: int) -> int:
    """
    The resident memory of a process and its children.
    """
    return sum(one.memory_info().rss for one in _tree(pid))


def free_port() -> int:
    """
    A loopback port that nobody listens on just now.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(
    until: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS, look: float = _LOOK_SECONDS
) -> None:
    """
    Look again and again until it holds. Raises NotReady when it takes too long.
    """
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise NotReady(f"{what}: not within {seconds:g} s")
        time.sleep(look)


def wait_for(process: "subprocess.Popen[bytes]", ready: Callable[[], bool], what: str) -> None:
    """
    Wait until a process that was just started is ready. Raises NotReady when it ends instead.
    """

    def looked() -> bool:
        if process.poll() is not None:
            raise NotReady(f"{what} ended with {process.returncode}; what it said stands above")
        return ready()

    wait(looked, what)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """
    End a process that we started, and wait for its end.
    """
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tree(pid: int) -> Iterator[psutil.Process]:
    root = psutil.Process(pid)
    yield root
    yield from root.children(recursive=True)


def _clock_of(pid: int) -> int:
    """
    The number of a process's own clock (clock_getcpuclockid(3): the complement of the pid, and 2 for scheduled time).
    """
    return (~pid << 3) | 2
