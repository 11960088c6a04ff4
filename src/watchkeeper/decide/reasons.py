"""
Why was it decided so?

A closed list: the same word is the metric label, the row in the record and (through `words`) the sentence on the page.
"""

from enum import StrEnum


class Reason(StrEnum):
    """
    Why a condition holds or is unknown, why an alert changed, why a message goes out or does not.
    """

    # a condition
    HOLDS = "holds"
    CLEAR = "clear"
    NO_EVENTS = "no-events"
    TOO_FEW = "too-few"
    NOT_HEARD = "not-heard"
    UNDECIDABLE = "undecidable"
    NO_BUDGET = "no-budget"
    # an alert
    BEGAN_TO_HOLD = "began-to-hold"
    HELD_LONG_ENOUGH = "held-long-enough"
    STOPPED_HOLDING = "stopped-holding"
    RESOLVED = "resolved"
    BECAME_UNKNOWN = "became-unknown"
    HEARD_AGAIN = "heard-again"
    EVENT = "event"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    # a message
    FIRST = "first"
    REPEAT = "repeat"
    OVER = "over"
    UNKNOWN_TOO_LONG = "unknown-too-long"
    DIGEST = "digest"
    RATE_LIMITED = "rate-limited"
    WAITS_FOR_DIGEST = "waits-for-digest"
    NO_ROUTE = "no-route"
    PLANNED_CHANNEL = "planned-channel"
    MERGED = "merged"
    FASTER_FIRES = "faster-fires"
    FASTER_OVER = "faster-over"
    NOT_TOLD = "not-told"
    SILENCED = "silenced"
    SILENCE_OVER = "silence-over"
    DEPENDENCY_FIRES = "dependency-fires"
    DEPENDENCY_OVER = "dependency-over"
    FLAPPING = "flapping"
    FLAPPING_OVER = "flapping-over"
    # a page
    PAGED = "paged"
    ESCALATED = "escalated"
    PAGED_AGAIN = "paged-again"
    ACKNOWLEDGED = "acknowledged"
    LAPSED = "lapsed"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "snooze-over"
    ALERTS_OVER = "alerts-over"
    EXHAUSTED = "exhausted"
    NOBODY_ON_CALL = "nobody-on-call"
    UNREACHABLE = "unreachable"
    OTHER_SEVERITY = "other-severity"
    ALREADY_PAGED = "already-paged"
    QUIET_HOURS = "quiet-hours"
    THROTTLED = "throttled"
    BUNDLED = "bundled"
    NO_POLICY = "no-policy"
    STAGING = "staging"
    TEST = "test"
    SEVERITY_GREW = "severity-grew"
    OURSELVES = "ourselves"
    # an incident
    DEADLINE_MISSED = "deadline-missed"
    SEVERITY_OPENS = "severity-opens"
    ALERTS_RESOLVED = "alerts-resolved"
    BY_A_PERSON = "by-a-person"
    MERGED_INTO = "merged-into"


#: Each reason as people read it.
SAYS: dict[Reason, str] = {
    Reason.HOLDS: "the condition holds",
    Reason.CLEAR: "the condition does not hold",
    Reason.NO_EVENTS: "nothing happened in the window",
    Reason.TOO_FEW: "too few events in the window to judge",
    Reason.NOT_HEARD: "less than half of the window was heard",
    Reason.UNDECIDABLE: "the source only gives buckets, and its limits do not tell",
    Reason.NO_BUDGET: "the target leaves no budget, so there is nothing to burn",
    Reason.BEGAN_TO_HOLD: "the condition began to hold",
    Reason.HELD_LONG_ENOUGH: "the condition held long enough",
    Reason.STOPPED_HOLDING: "the condition stopped holding before its time was up",
    Reason.RESOLVED: "the condition is clear again",
    Reason.BECAME_UNKNOWN: "it can no longer be judged",
    Reason.HEARD_AGAIN: "it can be judged again",
    Reason.EVENT: "it happened",
    Reason.WITHDRAWN: "the rule is no longer in the manual",
    Reason.CORRECTED: "on the record only: with what arrived late, it would have been decided otherwise",
    Reason.FIRST: "first time it fires",
    Reason.REPEAT: "still firing after the repeat interval",
    Reason.OVER: "it is over",
    Reason.UNKNOWN_TOO_LONG: "unknown for too long: please look",
    Reason.DIGEST: "what was held back",
    Reason.RATE_LIMITED: "held by the channel's rate limit",
    Reason.WAITS_FOR_DIGEST: "it waits for the digest of the channel",
    Reason.NO_ROUTE: "no route leads to a channel",
    Reason.PLANNED_CHANNEL: "the channel is only planned",
    Reason.MERGED: "it was over before the first message could be sent",
    Reason.FASTER_FIRES: "a faster burn of the same budget already fires",
    Reason.FASTER_OVER: "the faster burn of the same budget is over, and this one still fires",
    Reason.NOT_TOLD: "nobody was told that it fired",
    Reason.SILENCED: "somebody silenced it",
    Reason.SILENCE_OVER: "the silence is over, and it still fires",
    Reason.DEPENDENCY_FIRES: "something that it depends on already fires",
    Reason.DEPENDENCY_OVER: "what it depends on is well again, and it still fires",
    Reason.FLAPPING: "it fires and resolves too often: told once, until it settles",
    Reason.FLAPPING_OVER: "it has settled, and it still fires",
    Reason.PAGED: "it is their turn",
    Reason.ESCALATED: "nobody acknowledged in time",
    Reason.PAGED_AGAIN: "everybody was asked, nobody acknowledged: once more from the start",
    Reason.ACKNOWLEDGED: "somebody has it",
    Reason.LAPSED: "the acknowledgement lapsed, because nothing followed",
    Reason.SNOOZED: "somebody put it off",
    Reason.SNOOZE_OVER: "the time that it was put off for is over",
    Reason.ALERTS_OVER: "its alerts are over",
    Reason.EXHAUSTED: "everybody was asked as often as the policy says, and nobody acknowledged",
    Reason.NOBODY_ON_CALL: "nobody is on call",
    Reason.UNREACHABLE: "no contact method of theirs works",
    Reason.OTHER_SEVERITY: "the step or the contact method is for other severities",
    Reason.ALREADY_PAGED: "they were paged in this step already",
    Reason.QUIET_HOURS: "it waits until their quiet hours end",
    Reason.THROTTLED: "this contact method has carried as many pages as it may",
    Reason.BUNDLED: "it is part of a bundle",
    Reason.NO_POLICY: "no escalation policy applies to it",
    Reason.STAGING: "this manual is not about production, so nobody is paged",
    Reason.TEST: "somebody asked for a test",
    Reason.SEVERITY_GREW: "it became more severe",
    Reason.OURSELVES: "a part of this watch itself does not do its work",
    Reason.DEADLINE_MISSED: "a deadline was missed",
    Reason.SEVERITY_OPENS: "an alert of this severity opens an incident",
    Reason.ALERTS_RESOLVED: "all its alerts resolved",
    Reason.BY_A_PERSON: "a person did it",
    Reason.MERGED_INTO: "it goes on as another incident",
}
