"""
OTLP bodies of the tests: strategies for messages, their JSON form, and a view of what was decoded that can be compared.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from watchkeeper.measure.values import Batch, Decoded


def _hex_ids(tree: Any) -> Any:
    """
    protobuf's own JSON has ids in base64; OTLP says hex.
    """
    if isinstance(tree, list):
        return [_hex_ids(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    ids = ("traceId", "spanId", "parentSpanId")
    return {key: base64.b64decode(one).hex() if key in ids else _hex_ids(one) for key, one in tree.items()}


def _as_json(message: Message) -> bytes:
    return json.dumps(_hex_ids(MessageToDict(message, use_integers_for_enums=True))).encode()


def _batch(batch: Batch) -> dict[str, Any]:
    arrays = {"value": batch.value, "low": batch.low, "high": batch.high, "at": batch.at_ns, "weight": batch.weight}
    columns = {
        name: [None if code < 0 else repr(column.values[code]) for code in column.codes.tolist()]
        for name, column in batch.columns.items()
    }
    shown = {
        name: None if array is None else (str(array.dtype), repr(array.tolist())) for name, array in arrays.items()
    }
    traces = None if batch.traces is None else batch.traces.tolist()
    return {"signal": batch.signal, **shown, "columns": columns, "traces": traces}


def _view(decoded: object) -> Any:
    if not isinstance(decoded, Decoded):
        return decoded
    return [_batch(one) for one in decoded.batches], decoded.items, decoded.rejected, decoded.noted


@pytest.fixture(scope="session")
def as_json() -> Callable[[Message], bytes]:
    """
    A protobuf message as OTLP/JSON.
    """
    return _as_json


@pytest.fixture(scope="session")
def view() -> Callable[[object], Any]:
    """
    What was decoded, as plain values: equal where the observations are.
    """
    return _view
