"""
Can this folder be used, and by whom?
"""

import pytest

from watchkeeper.store.errors import NoFolder
from watchkeeper.store.folder import claim_folder


def test_a_folder_that_cannot_be_made_is_said_with_its_reason(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(NoFolder, match=r"use .*file.*: (File exists|Not a directory)"), claim_folder(folder):
            pass
