"""
Which channels must hear that a page is acknowledged?

Those that keep a page of their own, which somebody would see as unanswered: PagerDuty.
"""

from typing import Final

from sqlalchemy import Connection

from watchkeeper.act.paging.rows import body_of, subject_of
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import notices, outbox
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow

KEEPS_PAGES: Final = frozenset({"pagerduty"})
_CARRIED: Final = ("sending", "sent", "unknown")


def acknowledged(tx: Connection, row: PageRow, manual: Manual, *, at_ns: int) -> None:
    """
    Tell the channels that keep pages, as far as they carried this one; once for each cycle of it.
    """
    keeping = {name for name, entry in manual.channels.items() if entry.kind in KEEPS_PAGES}
    if not keeping:
        return
    told = notices.of_subject(tx, subject_of(row.id), most=1000)
    to = {
        (one.person, one.channel, one.address)
        for one in told
        if one.kind == Kind.PAGE and one.channel in keeping and one.state in _CARRIED
    }
    body = {**body_of(tx, row, at_ns=at_ns), "reason": Reason.ACKNOWLEDGED.value, "by": row.by}
    outbox.add(
        tx,
        [
            NoticeRow(
                subject=subject_of(row.id),
                kind=Kind.PAGE_OVER.value,
                person=person,
                channel=channel,
                address=method,
                body=body,
                created_ns=at_ns,
                due_ns=at_ns,
                transition_id=0,  # the end of the page has its number there
                cycle=row.cycle,
                reason=Reason.ACKNOWLEDGED.value,
            )
            for person, channel, method in sorted(to)
        ],
    )
