"""
Who is meant by a name that somebody wrote?

By the name that the manual uses, by the full name, by the mail address; capitals do not count.

>>> shop = Manual(watchkeeper=1, manual="Shop", people={"ada": {"name": "Ada Reyes", "email": "ada@shop.test"}})
>>> [person_named(shop, written) for written in ("ada", "Ada Reyes", "ADA@shop.test", "bob")]
['ada', 'ada', 'ada', None]
"""

from watchkeeper.manual.model.manual import Manual


def person_named(manual: Manual, written: str) -> str | None:
    """
    The name of a person in the manual; None for nobody whom it knows, and where several could be meant.
    """
    sought = written.strip().casefold()
    if written.strip() in manual.people:
        return written.strip()
    found = [
        name
        for name, person in manual.people.items()
        if sought and sought in {text.casefold() for text in (name, person.name, person.email) if text}
    ]
    return found[0] if len(found) == 1 else None


def called(manual: Manual, name: str) -> str:
    """
    What people call them: their full name where the manual has it.
    """
    person = manual.people.get(name)
    return person.name if person is not None and person.name else name
