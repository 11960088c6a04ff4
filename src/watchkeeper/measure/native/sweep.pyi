from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import Alerts, Codes, Half, Leaves

class Judge:
    def __init__(self, leaves: Leaves, alerts: Alerts) -> None: ...
    def codes(
        self,
        sums: Ints,
        half: Half,
        lengths: Ints,
        x1: Ints,
        y1: Ints,
        x2: Ints,
        y2: Ints,
        state: Codes,
        leaves: Codes,
        nodes: Codes,
        out: Codes,
    ) -> None: ...

def add(
    local: Ints,
    begins: Ints,
    order: Ints,
    windows: Ints,
    slot_ns: Ints,
    firsts: Ints,
    lasts: Ints,
    rows: Ints,
    at_ns: Ints,
    amounts: Ints,
    sums: Ints,
) -> None: ...
def see(
    newest: Ints,
    what: Ints,
    most: Ints,
    window: Ints,
    heard: Ints,
    late_window: Ints,
    by_seen: Half,
    which: Ints,
    seen_ns: Ints,
    last_ns: Ints,
    last: Ints,
    at_ns: Ints,
    bad: Half,
    start_ns: Ints,
    end_ns: Ints,
    known: Ints,
    half: Half,
    back: bool,
    x1: Ints,
    x2: Ints,
    state: Codes,
) -> None: ...
