"""
Which rules does the peer evaluate?

Those that Sloth (https://sloth.dev) makes of an SLO of 99 % over 30 days: the error ratio over eight windows as
recording rules, and two alerts over four pairs of them. The 30-day ratio is of events, as an SLO says; Sloth can also
make one that averages five-minute ratios, which costs less and is another number.
"""

from collections.abc import Iterator

from bench.recorded import FAILED, TOTAL, name_of

WINDOWS = {
    "5m": 300,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "6h": 21_600,
    "1d": 86_400,
    "3d": 259_200,
    "30d": 2_592_000,
}  # seconds
PAIRS = {"page": (("1h", "5m", 14.4), ("6h", "30m", 6.0)), "ticket": (("1d", "2h", 3.0), ("3d", "6h", 1.0))}
ALLOWED = 0.01
RULES = len(WINDOWS) + len(PAIRS)  # of one objective
GROUP = "slo"


def rules(objectives: int) -> str:
    """
    The rule file: one group, evaluated as a whole.
    """
    lines = ["groups:", f"  - name: {GROUP}", "    rules:"]
    for i in range(objectives):
        lines += _recording(name_of(i))
        lines += _alerting(name_of(i))
    return "\n".join(lines) + "\n"


def ratio(window: str, name: str | None = None) -> str:
    """
    The error ratio over a window, of one objective; of all, by objective, where none is named.
    """
    if name is None:
        return f"sum by (slo) (rate({FAILED}[{window}])) / sum by (slo) (rate({TOTAL}[{window}]))"
    chosen = f'{{slo="{name}"}}'
    return f"(sum(rate({FAILED}{chosen}[{window}]))) / (sum(rate({TOTAL}{chosen}[{window}])))"


def _recording(name: str) -> Iterator[str]:
    for window in WINDOWS:
        yield f"      - record: slo:sli_error:ratio_rate{window}"
        yield f"        expr: '{ratio(window, name)}'"
        yield f"        labels: {{sloth_id: {name}, sloth_window: {window}}}"


def _alerting(name: str) -> Iterator[str]:
    for kind, pairs in PAIRS.items():
        both = " or ".join(
            f"({_over(long, factor, name)} and {_over(short, factor, name)})" for long, short, factor in pairs
        )
        yield f"      - alert: Burn{kind.title()}"
        yield f"        expr: '{both}'"
        yield f"        labels: {{sloth_severity: {kind}}}"


def _over(window: str, factor: float, name: str) -> str:
    return f'max(slo:sli_error:ratio_rate{window}{{sloth_id="{name}"}} > ({factor} * {ALLOWED})) without (sloth_window)'
