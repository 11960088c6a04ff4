import pytest

from watchkeeper.measure.decode.sampling import weight_of


@pytest.mark.parametrize(
    ("state", "weight"),
    [
        ("", 1),
        ("vendor=th:8", 1),
        ("boot=th:8", 1),
        ("ot=rv:00000000000000", 1),
        ("ot=th:0", 1),
        ("ot=th:8", 2),
        ("ot=th:80000000000000", 2),
        ("ot=th:c", 4),
        ("a=b, ot=rv:1;th:e ,c=d", 8),
        ("ot=th:fd70a", 100),  # 1 in 100 as the specification writes it: 5 digits
        ("ot=th:ffffffffffffff", 2**56),
        ("ot=th:", None),
        ("ot=th:8A", None),
        ("ot=th:-1", None),
        ("ot=th:800000000000000", None),
    ],
)
def test_the_threshold_of_a_tracestate_gives_the_weight(state, weight):
    assert weight_of(state) == weight
