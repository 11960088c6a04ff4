"""A shop whose live application has a switch of every kind, for tests about flipping them."""

from watchkeeper.act.accounts.roles import granted_to_role
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.testing import Story

MANUAL = """
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
services: {parser: {}, site: {}}
severities: {P1: {}}
switches:
  parse-rate: {kind: percentage, default: "100%", service: parser, owner: parsers, longest: 1d}
  breaker: {kind: boolean, default: "false", service: parser, title: Circuit breaker}
  captcha: {kind: boolean, default: "false", public: true}
  votes: {kind: number, default: "10", range: 1..100, role: manager, public: true}
  backoff: {kind: number, default: "1.5"}
  mode: {kind: text, default: normal, allowed: [normal, read-only]}
  cache: {kind: address, default: "redis://cache-1:6379"}
  blocked: {kind: set, default: [], role: admin}
"""
HOUR = 3600 * 10**9
MINUTE = 60 * 10**9


def opened(text: str = MANUAL, *, start: str = "2026-03-02T12:00") -> Story:
    """The shop at noon in UTC."""
    return Story(text, start=start)


def visitor(role: str = "responder", name: str = "ann") -> Visitor:
    """Somebody of a role."""
    return Visitor(name=name, through="session", role=role, grants=granted_to_role(role))
