"""
What is broken in the stand-in of the demo, in JSON?
"""

from pydantic import Field

from watchkeeper.web import faults as standin
from watchkeeper.web.api.asking import TheDoors, TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, answers
from watchkeeper.web.api.values import Instant, Model, at_or_none

routes = router("faults")


class Forecast(Model):
    """
    What a fault means for one alert.
    """

    alert: str = Field(description="The key of the alert.")
    fires_by: Instant | None = Field(
        description="By when it fires; null where that cannot be said, or it fires already."
    )
    resolves_by: Instant | None = Field(description="By when it resolves, were the fault off from now on.")
    says: str = Field(description="The same in a sentence.")


class Fault(Model):
    """
    Something that can be broken.
    """

    name: str
    title: str = Field(description="What it breaks.")
    on: bool
    since: str | None = Field(description="Since when it is on, RFC 3339.")
    touches: list[str] = Field(description="The alert rules that it is meant to raise.")
    label: dict[str, str] = Field(description="The label value that it touches; empty for all.")
    share: float | None = Field(
        description="The share of events that it makes fail, 0..1; null where it makes none fail."
    )
    forecasts: list[Forecast]


class FaultList(Model):
    """
    Every fault of the stand-in.
    """

    faults: list[Fault]


class Switch(Model):
    """
    Break it, or mend it.
    """

    on: bool = Field(strict=True)


@routes.get("/faults", responses=answers(404, 502))
def faults(watch: TheWatch, doors: TheDoors) -> FaultList:
    """
    Every fault of the stand-in, and what it means for the alerts that it touches.
    """
    return FaultList(faults=[_fault(one) for one in standin.faults(watch, doors)])


@routes.post("/faults/{name}", responses=answers(404, 502) | CHANGES)
def switch_fault(name: str, switch: Switch, watch: TheWatch, doors: TheDoors, who: Who) -> Fault:
    """
    Switch a fault on or off: says by when the alerts that it touches fire, or resolve.
    """
    return _fault(standin.switch_fault(watch, doors, name, on=switch.on, by=who))


def _fault(fault: standin.Fault) -> Fault:
    return Fault(
        name=fault.name,
        title=fault.title,
        on=fault.on,
        since=fault.since,
        touches=list(fault.touches),
        label=dict(fault.label),
        share=fault.share,
        forecasts=[
            Forecast(
                alert=one.alert,
                fires_by=at_or_none(one.fires_ns),
                resolves_by=at_or_none(one.resolves_ns),
                says=one.says,
            )
            for one in fault.forecasts
        ],
    )
