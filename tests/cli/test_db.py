"""
Does the command line look after what a watch remembers, and keep passwords to itself?
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchkeeper.cli.main import app
from watchkeeper.store.opening import open_ground

SECRET = "s3cret-word"


def run(*words: object, database: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["db", *map(str, words)], env={"WATCHKEEPER_DATABASE": database or ""})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def kept(home: Path | str) -> list[str]:
    """
    The options that name a home in which something is kept.
    """
    log, state = open_ground(home)
    log.append([b"a"], digests=[], counters=b"", now_ns=0)
    log.close()
    state.close()
    return ["--database", home] if isinstance(home, str) else ["--data", str(home)]


def test_what_is_kept_is_checked_backed_up_and_restored_elsewhere(kept: list[str], tmp_path: Path) -> None:
    status, said = run("check", *kept)
    assert (status, "is sound: tables of version" in said) == (0, True), said
    status, said = run("backup", tmp_path / "a.backup", *kept)
    assert status == 0, said
    assert "log: slots: 0 rows" in said
    assert "the log up to 1" in said
    status, said = run("restore", tmp_path / "a.backup", "--data", tmp_path / "new")
    assert (status, "the log up to 1" in said) == (0, True), said
    assert run("check", "--data", tmp_path / "new")[0] == 0
    assert run("restore", tmp_path / "a.backup", "--data", tmp_path / "new")[0] == 1
    status, said = run("restore", tmp_path / "a.backup", "--data", tmp_path / "new", "--force", "--json")
    assert (status, json.loads(said)["sequence"]) == (0, 1)
    status, said = run("check", *kept, "--json")
    assert (status, json.loads(said)["sound"], json.loads(said)["findings"]) == (0, True, [])


def test_a_folder_that_is_not_sound_ends_with_1_and_says_why(tmp_path: Path) -> None:
    log, state = open_ground(tmp_path)
    with state.transaction() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    log.close()
    state.close()

    status, said = run("check", "--data", tmp_path)
    assert status == 1
    assert "version 0001" in said
    assert "is not sound: 1 finding" in said
    status, said = run("check", "--data", tmp_path, "--json")
    assert (status, json.loads(said)["sound"]) == (1, False)


def test_what_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    for words in (["check"], ["backup", tmp_path / "a"]):
        status, said = run(*words, "--data", tmp_path / "nowhere")
        assert status == 1
        assert "there is no state.db" in said
    assert run("restore", tmp_path / "nothing", "--data", tmp_path / "new")[0] == 1
    assert not (tmp_path / "new").exists()


def test_a_password_is_refused_in_the_command_and_never_said(tmp_path: Path) -> None:
    url = f"postgresql://watch:{SECRET}@127.0.0.1:1/ops"
    status, said = run("check", "--database", url)
    assert status == 1
    assert "wanted that in WATCHKEEPER_DATABASE" in said
    assert SECRET not in said
    for bad in (
        url,
        f"{url}?connect_timeout=soon",
        f"postgresql://watch:{SECRET}@[::1",
        f"{url}?password={SECRET}&x=1",
    ):
        for words in (["check"], ["backup", tmp_path / "a"], ["restore", tmp_path / "a"]):
            status, said = run(*words, database=bad)
            assert status == 1
            assert SECRET not in said
