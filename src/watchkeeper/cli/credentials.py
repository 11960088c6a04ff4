"""
With what does a command come in to the watch that runs?

With WATCHKEEPER_TOKEN (or the file that WATCHKEEPER_TOKEN_FILE names), where that is set. Else, on the same machine and
as the same user, with the token that the watch wrote into its folder when it started: a note in the user's own folder
says which folder belongs to which address, so that the token is shown to nobody else.

>>> note_of("http://127.0.0.1:8400", {"XDG_RUNTIME_DIR": "/run/user/7"})
PosixPath('/run/user/7/watchkeeper/127.0.0.1-8400')
>>> note_of("https://watch.example", {}) is None
True
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from watchkeeper.outside.secrets import Secret, SecretFault, secret_from

TOKEN: Final = "WATCHKEEPER_TOKEN"  # noqa: S105  the name of a variable
FILE: Final = "operator-token"
SETUP: Final = "setup-token"
LOOPBACK: Final = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}


def token_for(at: str, environ: Mapping[str, str]) -> Secret | None:
    """
    The token for the watch at an address; None where there is none. Raises SecretFault.
    """
    given = secret_from(environ, TOKEN)
    if given is not None:
        return given
    note = note_of(at, environ)
    try:
        folder = Path(note.read_text().strip()) if note is not None and _ours(note) else None
        return None if folder is None else Secret((folder / FILE).read_text().strip())
    except OSError:
        return None


@contextmanager
def noted(address: str, folder: Path, token: Secret, environ: Mapping[str, str]) -> Iterator[None]:
    """
    Write the operator's token into the folder, and the note where that is, for as long as the block lasts.
    """
    write_secret(folder / FILE, token)
    note = note_of(address, environ)
    written = str(folder.resolve())
    if note is not None:
        try:
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(note, written)
        except OSError:
            note = None  # without a folder of one's own, the token is taken from WATCHKEEPER_TOKEN_FILE
    try:
        yield
    finally:
        if note is not None and note.is_file() and note.read_text().strip() == written:
            note.unlink(missing_ok=True)


def write_secret(file: Path, secret: Secret) -> None:
    """
    Write a file that its owner alone can read.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(file, secret.reveal())


def note_of(at: str, environ: Mapping[str, str]) -> Path | None:
    """
    Where the note about an address of this machine is; None for other machines, and for users without a home.
    """
    found = urlsplit(at)
    host = LOOPBACK.get(found.hostname or "")
    if host is None or found.scheme != "http":
        return None
    base = environ.get("XDG_RUNTIME_DIR") or environ.get("XDG_STATE_HOME")
    if not base and not environ.get("HOME"):
        return None
    folder = Path(base) if base else Path(environ["HOME"]) / ".local" / "state"
    return folder / "watchkeeper" / f"{host}-{found.port or 80}"


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text + "\n")
    fresh.replace(file)


def _ours(file: Path) -> bool:
    """
    Whether nobody else can have written it.
    """
    found = file.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


__all__ = ["FILE", "SETUP", "TOKEN", "SecretFault", "note_of", "noted", "token_for", "write_secret"]
