from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import Alerts, Codes, Leaves

class Judge:
    def __init__(self, leaves: Leaves, alerts: Alerts) -> None: ...
    def codes(
        self,
        sums: Ints,
        half: object,
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
