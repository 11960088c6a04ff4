"""What is remembered is for the user of the watch alone, also in a folder that others may look into."""

from pathlib import Path

from watchkeeper.store.folder import claim_folder


def test_files_that_were_left_open_to_others_are_closed(tmp_path: Path):
    files = [tmp_path / name for name in ("state.db", "log.db", "log.db-wal")]
    for file in (*files, tmp_path / "theirs.txt"):
        file.touch()
        file.chmod(0o644)
    (tmp_path / "log.db-shm").symlink_to(tmp_path / "theirs.txt")
    with claim_folder(tmp_path):
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "theirs.txt").stat().st_mode & 0o777 == 0o644
