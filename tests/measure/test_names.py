import pytest

from watchkeeper.measure.names import RENAMED, SHORT, candidates


@pytest.mark.parametrize("name", SHORT)
def test_the_very_name_comes_first_and_none_comes_twice(name):
    found = candidates(name)
    assert found[0] == name
    assert len(set(found)) == len(found) > 1


@pytest.mark.parametrize(("new", "old"), RENAMED)
def test_a_name_on_the_wire_finds_the_value_under_its_other_name(new, old):
    assert candidates(new) == (new, old)
    assert candidates(old) == (old, new)


def test_any_other_name_means_itself():
    assert candidates("platform") == ("platform",)
