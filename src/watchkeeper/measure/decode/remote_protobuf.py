"""
How is the protobuf of remote-write read, where it is not compiled?

The messages of Prometheus' `remote.proto` and `types.proto` (version 1.0 of the protocol), as far as they are read:
exemplars, native histograms and texts are bytes here, so that whoever reads them decides what is wrong with them.

>>> request = WriteRequest.FromString(b"\\n\\x11\\n\\x0f\\n\\x08__name__\\x12\\x03up!")
>>> [(label.name, label.value) for label in request.timeseries[0].labels]
[(b'__name__', b'up!')]
"""

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "watchkeeper.remote"
_DOUBLE, _INT64, _INT32, _BYTES = (
    FieldDescriptorProto.TYPE_DOUBLE,
    FieldDescriptorProto.TYPE_INT64,
    FieldDescriptorProto.TYPE_INT32,
    FieldDescriptorProto.TYPE_BYTES,
)
_ONE, _MANY = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED

#: Message -> its fields: name, number, how many, type or the message it holds.
_MESSAGES: Final[dict[str, tuple[tuple[str, int, Any, Any], ...]]] = {
    "Label": (("name", 1, _ONE, _BYTES), ("value", 2, _ONE, _BYTES)),
    "Sample": (("value", 1, _ONE, _DOUBLE), ("timestamp", 2, _ONE, _INT64)),
    "TimeSeries": (
        ("labels", 1, _MANY, "Label"),
        ("samples", 2, _MANY, "Sample"),
        ("exemplars", 3, _MANY, _BYTES),
        ("histograms", 4, _MANY, _BYTES),
    ),
    "MetricMetadata": (("type", 1, _ONE, _INT32), ("family", 2, _ONE, _BYTES), ("unit", 5, _ONE, _BYTES)),
    "WriteRequest": (("timeseries", 1, _MANY, "TimeSeries"), ("metadata", 3, _MANY, "MetricMetadata")),
}


def _class() -> Any:
    file = FileDescriptorProto(name="watchkeeper/remote.proto", package=_PACKAGE, syntax="proto3")
    for message, fields in _MESSAGES.items():
        told = file.message_type.add(name=message)
        for name, number, label, kind in fields:
            field = told.field.add(name=name, number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                field.type = kind
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.WriteRequest"))


WriteRequest: Final[Any] = _class()
