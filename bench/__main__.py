"""
How fast is it, on this machine, now?

    python -m bench              everything
    python -m bench decoding     one part: decoding, evaluating, crossing
"""

import sys

from bench import crossing, decoding, evaluating
from bench.rows import report

PARTS = {"decoding": decoding.measure, "evaluating": evaluating.measure, "crossing": crossing.measure}


def main(names: list[str]) -> int:
    """
    Measure the named parts, or all; the exit status.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"found {' '.join(unknown)}; wanted some of {' '.join(PARTS)}")
        return 2
    report([row for name in names or PARTS for row in PARTS[name]()])
    return 0


sys.exit(main(sys.argv[1:]))
