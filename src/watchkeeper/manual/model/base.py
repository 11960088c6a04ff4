"""
What do all entries of a manual have in common?

An entry is frozen, refuses keys it does not know, and can say where its numbers come from: `because` (the reason),
`chosen` (what the document left open and the team chose), `stated` (what the document says that is not made live) and
`accept` (findings of lint that the team has seen and accepts).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from watchkeeper.manual.model.forms import MayBeEmpty, OneOrMore
from watchkeeper.manual.model.scalars import Name, Text, Texts, Within


@dataclass(frozen=True, slots=True)
class RefersTo:
    """
    Says of a name which section of the manual must hold it. Several sections: any of them.
    """

    sections: tuple[str, ...]


Item = TypeVar("Item")
#: A section of the manual: entries by name; written empty it holds none.
Named = Annotated[Mapping[Name, Annotated[Item, MayBeEmpty()]], MayBeEmpty()]
#: One entry, or a list of them.
Several = Annotated[tuple[Item, ...], OneOrMore()]

ServiceName = Annotated[Name, RefersTo(("services",))]
PartName = Annotated[Name, RefersTo(("services", "dependencies"))]
DependencyName = Annotated[Name, RefersTo(("dependencies",))]
StreamName = Annotated[Name, RefersTo(("streams",))]
IndicatorName = Annotated[Name, RefersTo(("indicators",))]
ObjectiveName = Annotated[Name, RefersTo(("objectives",))]
AlertName = Annotated[Name, RefersTo(("alerts",))]
SeverityName = Annotated[Name, RefersTo(("severities",))]
ChannelName = Annotated[Name, RefersTo(("channels",))]
RunbookName = Annotated[Name, RefersTo(("runbooks",))]
CheckName = Annotated[Name, RefersTo(("checks", "journeys"))]
JourneyName = Annotated[Name, RefersTo(("journeys",))]
BackupName = Annotated[Name, RefersTo(("backups",))]
SourceName = Annotated[Name, RefersTo(("sources",))]
PersonName = Annotated[Name, RefersTo(("people",))]
ContactName = Annotated[Name, RefersTo(("contacts",))]
ScheduleName = Annotated[Name, RefersTo(("schedules",))]
PolicyName = Annotated[Name, RefersTo(("policies",))]
CalendarName = Annotated[Name, RefersTo(("calendars",))]
#: A time for each of some severities: `{P0: 5m, P1: 15m}`.
SeverityTimes = Annotated[Mapping[Name, Within], MayBeEmpty()]


class Strict(BaseModel):
    """
    A frozen piece of the manual; an unknown key is a mistake.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_by_name=True, validate_by_alias=True
    )


def says(description: str, default: Any = None) -> Any:
    """
    A key that may be left out, with the sentence that the reference prints for it.
    """
    return Field(default=default, description=description)


class Stated(Strict):
    """
    A number that the document gives wrongly or twice: kept word for word, never live.
    """

    value: Text = Field(description="what the document says, word for word")
    because: Text = Field(description="why it is not live")


class Accept(Strict):
    """
    A finding of lint that the team accepts, with the reason.
    """

    finding: Text = Field(description="the kind of finding, as lint prints it")
    because: Text = Field(description="why it is accepted")


class Entry(Strict):
    """
    What every named thing in a manual may carry.
    """

    title: Text | None = says("the name for people")
    because: Text | None = says("why it is as it is")
    chosen: Texts = says("the keys beside it whose value the document leaves open", ())
    stated: Several[Stated] = says("numbers of the document that are not live", ())
    accept: Several[Accept] = says("findings of lint that the team accepts", ())
    note: Text | None = says("anything else worth knowing")
