"""
What is in a backup, and is it what was written?

One file: a zip with a member for each table and a manifest, and behind it the SHA-256 of every byte before. A member
is a row of MessagePack lists, each with its length before it. It appears under its name only when it is whole and on
disk; a single bit that changed later is seen before anything is taken from it.

>>> path = getfixture("tmp_path") / "wk.backup"
>>> with writing(path, about={"sequence": 7}) as archive:
...     archive.add("state/timers", ["key", "due_ns"], [("a", 1), ("b", 2)])
2
>>> with reading(path) as archive:
...     archive.manifest["sequence"], list(archive.rows("state/timers"))
(7, [{'key': 'a', 'due_ns': 1}, {'key': 'b', 'due_ns': 2}])
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from watchkeeper.store.errors import StoreError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
NO_BACKUP: Final = "it is no backup of Watchkeeper"
_BEGINS: Final = b"PK\x03\x04"  # of a member of a zip
_LENGTH: Final = 4
_DIGEST: Final = 32
_AT_ONCE: Final = 2**20


class BackupError(StoreError):
    """
    The backup could not {doing}: {why}.
    """


class Writer:
    """
    An archive that is being written.
    """

    def __init__(self, file: zipfile.ZipFile, about: dict[str, Any]) -> None:
        self._file = file
        self._manifest: dict[str, Any] = {"format": FORMAT, **about, "tables": {}}

    def add(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """
        Write a table; how many rows it has.
        """
        encoder, hashed, count = msgspec.msgpack.Encoder(), sha256(), 0
        with self._file.open(name, "w", force_zip64=True) as member:
            for row in rows:
                packed = encoder.encode(tuple(row))
                piece = len(packed).to_bytes(_LENGTH, "big") + packed
                member.write(piece)
                hashed.update(piece)
                count += 1
        self._manifest["tables"][name] = {
            "columns": [str(column) for column in columns],
            "rows": count,
            "sha256": hashed.hexdigest(),
        }
        return count

    def tell(self, **about: Any) -> None:
        """
        Say more in the manifest.
        """
        self._manifest.update(about)

    def finish(self) -> None:
        """
        Write the manifest.
        """
        self._file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(self._manifest), indent=1))


class Reader:
    """
    An archive whose every byte was seen to be the one that was written.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.manifest: dict[str, Any] = msgspec.json.decode(file.read(MANIFEST))

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """
        The rows of a table, by column; none where there is no such table.
        """
        table = self.manifest["tables"].get(name)
        if table is None:
            return
        with self._file.open(name) as member:
            for packed in _pieces(member):
                yield dict(zip(table["columns"], msgspec.msgpack.decode(packed), strict=True))


@contextmanager
def writing(path: Path, *, about: dict[str, Any], force: bool = False) -> Iterator[Writer]:
    """
    A new archive under this name, or (after an exception) none. Raises BackupError when there is a file already.
    """
    _refuse_to_overwrite(path, force)
    unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        unfinished.touch(mode=0o600, exist_ok=False)
        with unfinished.open("wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            writer = Writer(file, about)
            yield writer
            writer.finish()
        with unfinished.open("r+b") as whole:
            digest = _digest(whole, unfinished.stat().st_size)
            whole.seek(0, os.SEEK_END)
            whole.write(digest)
            whole.flush()
            os.fsync(whole.fileno())
        _refuse_to_overwrite(path, force)
        unfinished.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise BackupError(doing=f"write {path}", why=error.strerror or str(error), retryable=True) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """
    An archive, after every byte of it was checked. Raises BackupError for one that is damaged or newer.
    """
    doing = f"read {path}"
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size - _DIGEST
            if size < 0 or _digest(raw, size) != raw.read(_DIGEST):
                raise BackupError(doing=doing, why=_amiss(raw), retryable=False)
            with zipfile.ZipFile(raw) as file:
                reader = Reader(file)
                if reader.manifest["format"] > FORMAT:
                    why = f"a newer Watchkeeper wrote it (format {reader.manifest['format']}, known here: {FORMAT})"
                    raise BackupError(doing=doing, why=why, retryable=False)
                yield reader
    except OSError as error:
        raise BackupError(doing=doing, why=error.strerror or str(error), retryable=False) from error
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise BackupError(doing=doing, why=NO_BACKUP, retryable=False) from error


def sync_folder(folder: Path) -> None:
    """
    Make sure that names in a folder are on disk.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_to_overwrite(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise BackupError(
            doing=f"write {path}", why="there is such a file already; --force overwrites", retryable=False
        )


def _digest(raw: IO[bytes], size: int) -> bytes:
    """
    Of the first bytes of a file, which is left standing behind them.
    """
    hashed, left = sha256(), size
    raw.seek(0)
    while left and (piece := raw.read(min(left, _AT_ONCE))):
        hashed.update(piece)
        left -= len(piece)
    return hashed.digest()


def _amiss(raw: IO[bytes]) -> str:
    """
    Why a file is not what was written: it is a damaged backup, or none at all (neither its begin nor its end is one's).
    """
    raw.seek(0)
    ours = raw.read(len(_BEGINS)) == _BEGINS or zipfile.is_zipfile(raw)
    return "its bytes are not those that were written" if ours else NO_BACKUP


def _pieces(member: IO[bytes]) -> Iterator[bytes]:
    while length := member.read(_LENGTH):
        yield member.read(int.from_bytes(length, "big"))
