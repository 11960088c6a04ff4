"""
Is a message about a page still wanted, now that it is about to be sent, or sent again?
"""

from sqlalchemy import Connection

from watchkeeper.decide.paging.values import PageState
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.store import notices, pages
from watchkeeper.store.notices import NoticeRow

_GOES_ON = ("due", "held", "sending", "sent", "unknown")


def why_unwanted(view: Connection, row: NoticeRow) -> str | None:
    """
    Why it is not: somebody has the page, put it off, or it is over. None while somebody must still be asked.
    """
    if row.kind == Kind.PAGE:
        return _why(view, row.transition_id)
    if row.kind == Kind.BUNDLE:
        why = [_why(view, number) for number in row.body.get("pages", ())]
        return why[0] if why and all(why) else None
    return None


def failed(tx: Connection, row: NoticeRow, *, now_ns: int) -> bool:
    """
    A message of a page has failed for good. When nobody else is asked by its step, the next step is due at once;
    whether it is.
    """
    if row.kind != Kind.PAGE or "step" not in row.body:
        return False
    page = pages.by_id(tx, row.transition_id)
    if page is None or page.state != PageState.OPEN or page.due_ns is None or page.due_ns <= now_ns:
        return False
    place = (row.body["step"] + 1, row.body["round"])
    if (page.step, page.round) != place:
        return False
    others = [one for one in notices.of_subject(tx, row.subject, most=1000) if one.kind == Kind.PAGE]
    if any(one.state in _GOES_ON and _place(one) == _place(row) and one.id != row.id for one in others):
        return False
    return pages.change(tx, page.id, expecting=(PageState.OPEN,), due_ns=now_ns)


def _place(row: NoticeRow) -> tuple[int | None, int | None]:
    return row.body.get("step"), row.body.get("round")


def _why(view: Connection, number: int) -> str | None:
    page = pages.by_id(view, number)
    if page is None:
        return Reason.ALERTS_OVER.value
    match page.state:
        case PageState.OPEN:
            return None
        case PageState.ACKNOWLEDGED:
            return Reason.ACKNOWLEDGED.value
        case PageState.SNOOZED:
            return Reason.SNOOZED.value
    return page.reason
