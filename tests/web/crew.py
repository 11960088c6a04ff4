"""A shop with people: whom it pages, and one page that stands."""

from pathlib import Path

from tests.web.house import House, manual_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import pages
from watchkeeper.store.pages import PageRow

MINUTE = 60 * 10**9

TEXT = """
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
channels:
  phones: {kind: ntfy, address_env: NTFY}
  mail: {kind: email, address_env: SMTP, from: watch@example.com}
  later: {kind: slack, address_env: CHAT, planned: true}
people:
  ada:
    name: Ada
    zone: Asia/Tokyo
    email: ada@example.com
    contacts: {phone: {channel: phones, to_env: NTFY_ADA}, mail: {channel: mail}}
    rules: [{by: phone}, {by: mail, after: 5m}]
    quiet: [{from: "22:00", to: "07:00", severity: P3}]
  bo: {name: Bo, email: bo@example.com, channels: [mail]}
  cy: {name: Cy, channels: [later]}
contacts:
  landlord: {role: Facility, name: Lee, email: lee@example.com, channel: mail}
  lawyer: {role: Lawyer, placeholder: TBD}
schedules:
  primary: {role: primary, rotation: {every: 1w, from: Monday, at: "10:00", people: [ada, bo]}}
  nights:
    title: Nights
    rotation: {every: 1d, at: "22:00", people: [bo], during: [{from: "22:00", to: "06:00"}]}
policies:
  standard: {steps: [{schedule: primary}, {after: 10m, schedule: nights}, {after: 5m, person: [bo], channel: [mail]}]}
  night: {steps: [{schedule: nights}], repeat: 0}
severities:
  P1: {respond: 15m, policy: standard}
  P2: {respond: 1h, policy: night}
  P3: {}
streams: {orders: {events: 'type == "order"'}}
indicators: {orders: {from: orders, bad: 'ok == false', by: [shop]}}
alerts:
  orders-fail: {indicator: orders, when: "> 10% over 5m", each: shop, severity: P1}
  orders-slow: {indicator: orders, when: "> 50% over 5m", severity: P2}
"""


def crew(text: str = TEXT) -> Manual:
    return manual_of(text)


def shop(tmp_path: Path, text: str = TEXT, *, start: str = "2026-11-20T12:00:00Z") -> House:
    """A Friday noon in UTC; Ada has the week until Monday 10:00 in Berlin."""
    house = House.of(crew(text), tmp_path / "log.db", start=start)
    house.intake.start()
    return house


def paged_for(house: House, title: str = "Orders fail on north", **changed: object) -> int:
    """A page that was opened a minute ago, its first step taken; the next is due in nine."""
    now_ns = house.clock.now_ns()
    row = PageRow(
        key=f"orders-fail {title}",
        title=title,
        policy="standard",
        state="open",
        opened_ns=now_ns - MINUTE,
        reason="first",
        revision=1,
        severity="P1",
        step=1,
        cycle=1,
        due_ns=now_ns + 9 * MINUTE,
    )
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__} | changed
    with house.state.transaction() as tx:
        [number] = pages.add(tx, [PageRow(**fields)])
        pages.add_alerts(tx, number, ["orders-fail[shop=north]"])
    return number
