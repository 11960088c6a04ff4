"""The example of docs/testing.md runs and comes out as it says."""

import doctest
from pathlib import Path


def test_the_documented_story_comes_out_as_it_says():
    page = Path(__file__).parents[2] / "docs" / "testing.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0
