"""The example of docs/testing.md runs and comes out as it says."""

import doctest
from pathlib import Path

import pytest

from watchkeeper.testing import Story


def test_the_documented_story_comes_out_as_it_says():
    page = Path(__file__).parents[2] / "docs" / "testing.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0


def test_traffic_of_a_stream_that_the_manual_does_not_have_is_refused_by_name():
    story = Story("watchkeeper: 1\nmanual: Shop\nstreams: {orders: {spans: 'true'}}\n")
    with pytest.raises(ValueError, match="found the stream `ordres`; wanted one of: orders"):
        story.traffic(ordres={}, per_minute=1)
