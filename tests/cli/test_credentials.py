"""With what a command comes in: a variable, a file, or as the operator of the watch on this machine."""

import os

import pytest

from watchkeeper.cli.credentials import noted, token_for
from watchkeeper.outside.secrets import Secret, SecretFault

HERE = "http://127.0.0.1:8400"


def test_the_operator_of_this_machine_comes_in_for_as_long_as_the_watch_runs(tmp_path):
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run")}
    with noted(HERE, tmp_path / "data", Secret("wk_secret"), environ):
        assert token_for("http://localhost:8400", environ) == Secret("wk_secret")
        assert token_for("http://127.0.0.1:8401", environ) is None
        assert token_for("http://192.0.2.1:8400", environ) is None
        for file in ((tmp_path / "data" / "operator-token"), *(tmp_path / "run" / "watchkeeper").iterdir()):
            assert file.stat().st_mode & 0o077 == 0
    assert token_for(HERE, environ) is None


def test_a_note_that_others_may_write_is_not_believed(tmp_path):
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with noted(HERE, tmp_path / "data", Secret("wk_secret"), environ):
        os.chmod(tmp_path / "watchkeeper" / "127.0.0.1-8400", 0o622)  # noqa: S103  what is tried
        assert token_for(HERE, environ) is None


def test_what_the_environment_says_comes_first(tmp_path):
    (tmp_path / "token").write_text("wk_file\n")
    assert token_for(HERE, {"WATCHKEEPER_TOKEN": "wk_said"}) == Secret("wk_said")
    assert token_for(HERE, {"WATCHKEEPER_TOKEN_FILE": str(tmp_path / "token")}) == Secret("wk_file")
    with pytest.raises(SecretFault):
        token_for(HERE, {"WATCHKEEPER_TOKEN_FILE": str(tmp_path / "nothing")})


def test_a_watch_without_a_home_to_note_it_in_still_writes_its_token(tmp_path):
    with noted(HERE, tmp_path / "data", Secret("wk_secret"), {}):
        assert (tmp_path / "data" / "operator-token").read_text() == "wk_secret\n"
