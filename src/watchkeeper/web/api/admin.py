"""
What does the address do that MySetlist's manual calls to acknowledge an incident?

    curl -X POST .../api/admin/incidents -H "Authorization: Bearer $ADMIN_TOKEN" \\
      -d '{"status": "acknowledged", "assignee": "your-name"}'

As it stands there: curl says that such a body is a form, and it is read as JSON all the same. Without an `id` the one
open incident is meant that nobody has.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from watchkeeper.act.incidents.desk import Several
from watchkeeper.web.api.asking import TheWatch, Who
from watchkeeper.web.api.errors import CHANGES, JSON, ApiRoute, Error, answers, found
from watchkeeper.web.api.incident_values import Incident, IncidentDetail, detail_of, incident_of
from watchkeeper.web.api.values import Model

PATH: Final = "/api/admin/incidents"


class AsJson(ApiRoute):
    """
    A route that reads the body as JSON whatever the client calls it, when a token comes with it: no page of another
    site can send one.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """
        The handler behind the change of the header.
        """
        handle = super().get_route_handler()

        async def called(request: Request) -> Response:
            if "authorization" in request.headers:
                others = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
                scope = {**request.scope, "headers": [*others, (b"content-type", JSON.encode())]}
                request = Request(scope, request.receive)
            return await handle(request)

        return called


routes = APIRouter(
    tags=["incidents"],
    route_class=AsJson,
    responses=answers(503),
    generate_unique_id_function=lambda route: route.name,
)


class Change(Model):
    """
    Who has an incident now, or that it is over.
    """

    status: Literal["acknowledged", "resolved"]
    assignee: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        None, description="A person of the manual; whoever asks, when nobody is named."
    )
    id: Annotated[int, Field(ge=1, le=2**53)] | None = Field(
        None, description="The number of the incident; without it the one open incident that nobody has."
    )


class WhichOne(Error):
    """
    Several incidents could be meant; `nearest` has their numbers.
    """

    incidents: list[Incident]


@routes.post(
    PATH,
    responses=answers(404) | CHANGES | {409: {"model": WhichOne, "description": "Several incidents could be meant."}},
    response_model=IncidentDetail,
)
def change_incident(change: Change, watch: TheWatch, who: Who) -> IncidentDetail | Response:
    """
    Acknowledge an incident in somebody's name, or close it.
    """
    try:
        number = change.id if change.id is not None else watch.desk.waiting()
        found(watch.desk.case, number, what="incident", known=lambda: [one.number for one in watch.incidents()])
        if change.status == "acknowledged":
            watch.desk.acknowledge(number, by=who, assignee=change.assignee)
        else:
            watch.desk.resolve(number, by=who, assignee=change.assignee)
        return detail_of(watch.desk.case(number))
    except Several as several:
        listed = WhichOne(
            error=str(several),
            nearest=[str(one.number) for one in several.found],
            incidents=[incident_of(one) for one in several.found],
        )
        return JSONResponse(listed.model_dump(), status_code=409)
