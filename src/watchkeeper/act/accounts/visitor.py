"""
Who is it that asks, and through what did they come?

>>> ann = Visitor(name="ann", through="session", role="responder", grants=frozenset({"read", "respond"}))
>>> ann.may("respond"), ann.may("manage"), ann.may("open"), ann.may("self")
(True, False, True, False)
"""

from __future__ import annotations

from dataclasses import dataclass

SESSION = "session"
TERMINAL = "terminal"
LINK = "link"
SLACK = "slack"
OURSELVES = "watchkeeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """
    A person or a program. `person` is their name among the people of the manual, where they are one of them.

    `through` says how they came: session, token NAME, link, slack MEMBER, terminal, watchkeeper. `account_id` is None
    for who has no account of their own; `session` is the digest of their cookie, `csrf` what their forms must carry.
    """

    name: str
    through: str
    person: str = ""
    role: str = ""
    grants: frozenset[str] = frozenset()
    account_id: int | None = None
    csrf: str = ""
    session: str = ""

    def may(self, need: str) -> bool:
        """
        Whether they may do what needs this.
        """
        if need == "self":
            return self.account_id is not None and self.through == SESSION
        return need == "open" or need in self.grants

    @property
    def known(self) -> bool:
        """
        Whether we know who they are.
        """
        return self is not STRANGER

    @property
    def by(self) -> str:
        """
        The name that stands beside what they do: theirs in the manual, else that of their account or token.
        """
        return self.person or self.name


#: Who does something: whoever came through a door, or the bare name of one who did not.
By = Visitor | str


def name_of(by: By) -> str:
    """
    The name that stands beside what is done.

    >>> name_of("ada"), name_of(Visitor(name="ann", person="ada", through="session"))
    ('ada', 'ada')
    """
    return by if isinstance(by, str) else by.by


#: Somebody who has shown nothing.
STRANGER = Visitor(name="somebody", through="")
#: What happens by itself: a turn, a clock, a hand-off.
WATCHKEEPER = Visitor(name="watchkeeper", through=OURSELVES)


def through_link(person: str) -> Visitor:
    """
    A person who pressed the button of a link that was sent to them alone.
    """
    return Visitor(name=person, person=person, through=LINK, grants=frozenset({"respond"}))


def through_slack(name: str, *, person: str = "", member: str = "") -> Visitor:
    """
    A person who pressed a button in Slack, as this member of it, whose word Slack signed.
    """
    return Visitor(name=name, person=person, through=f"{SLACK} {member[:32]}".rstrip(), grants=frozenset({"respond"}))
