"""
What reads which body, under the present plan?

One decoder a signal, kept as long as the plan: what it learned about the words on the wire serves every later body.
"""

from typing import Final

from watchkeeper.measure.decode.otlp_logs import Logs
from watchkeeper.measure.decode.otlp_metrics import Metrics
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.decode.remote_write import RemoteWrite
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.values import Wanted

#: Bytes of a protobuf body, unpacked. The reference parses before it counts, and may make 30 times as much of a body;
#: the compiled decoders count first.
MOST_PARSED: Final = 8 * 2**20
MOST_WALKED: Final = 64 * 2**20


class Decoders:
    """
    The decoders of one plan. Not thread-safe: the way in owns them.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        spans, metrics, logs = (plan.wanted.get(signal, Wanted()) for signal in ("spans", "metrics", "logs"))
        self.traces, self.metrics, self.logs = Traces(spans), Metrics(metrics), Logs(logs)
        self.remote_write = RemoteWrite(metrics)
        compiled = all(native(part) is not None for part in ("traces", "metrics", "logs"))
        self.most_protobuf = MOST_WALKED if compiled else MOST_PARSED
