"""A shop with people on call, for stories about who is paged; each part of its manual can be said anew."""

from watchkeeper.testing import Story

PEOPLE = """
  ada: {contacts: {phone: {channel: phones, to: ada}}}
  ben: {contacts: {phone: {channel: phones, to: ben}}}
  cleo: {contacts: {phone: {channel: phones, to: cleo}}}
"""
LADDER = "{steps: [{person: ada}, {after: 10m, person: ben}, {after: 10m, person: cleo}]}"


def shop(
    policy: str = LADDER,
    *,
    people: str = PEOPLE,
    alerts: str = "",
    channels: str = "",
    routes: str = "[{tell: [team], policy: ladder}]",
    rest: str = "",
) -> str:
    """
    A manual with two alerts (`disk` P1 by host, `cache` P2), a channel of the team, and phones. Opens no incident.
    """
    return f"""
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
defaults: {{alert_window: 1m}}
services: {{site: {{}}}}
dependencies: {{database: {{}}}}
streams: {{disk: {{metric: disk}}, cache: {{metric: cache}}}}
indicators: {{disk: {{from: disk, by: [host]}}, cache: {{from: cache}}}}
alerts:
  disk: {{title: Disk is full, service: database, indicator: disk, when: "last > 90%", each: host, severity: P1}}
  cache: {{title: Cache is cold, service: site, indicator: cache, when: "last > 80%", severity: P2}}
{alerts}
severities: {{P1: {{}}, P2: {{}}, P3: {{}}}}
channels:
  team: {{kind: webhook, address_env: TEAM}}
  phones: {{kind: ntfy, address_env: NTFY}}
{channels}
routes: {routes}
people: {people}
policies:
  ladder: {policy}
{rest}
"""


def at_noon(manual: str = "", *, start: str = "2026-03-02T11:55:00", tick_seconds: float = 60) -> Story:
    """
    The shop on a quiet Monday at noon (or five minutes after another start).
    """
    told = Story(manual or shop(), start=start, tick_seconds=tick_seconds)
    told.traffic(cache={"value": 0.1}, per_minute=2)
    return fine(told, "a").run(minutes=5)


def full(told: Story, host: str = "a") -> Story:
    """
    The disk of this host is full from now on.
    """
    told.metric("disk", 0.97, host=host)
    return told.traffic(disk={"value": 0.97, "host": host}, per_minute=2)


def fine(told: Story, *hosts: str) -> Story:
    """
    The disks of these hosts are fine from now on, and no other is spoken of.
    """
    told.quiet("disk")
    for host in hosts:
        told.metric("disk", 0.5, host=host)
        told.traffic(disk={"value": 0.5, "host": host}, per_minute=2)
    return told


def cold(told: Story) -> Story:
    """
    The cache is cold (misses are many) from now on.
    """
    told.quiet("cache").metric("cache", 0.95)
    return told.traffic(cache={"value": 0.95}, per_minute=2)


def warm(told: Story) -> Story:
    told.quiet("cache").metric("cache", 0.1)
    return told.traffic(cache={"value": 0.1}, per_minute=2)
