"""
Which addresses do the checks of a manual ask?

An address is written whole, or as a path under the service's or the manual's base address, which may come from the
environment. A check whose address is not known, or is none, is not asked, and says what to set.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Check
from watchkeeper.measure.probing import Probe, probe_of
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import shown

HERE = "here"  # the region of a check that names none


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """
    The probes that can be asked, and why others cannot, by check.
    """

    probes: tuple[Probe, ...]
    missing: dict[str, str]


def addressed(manual: Manual, environ: Mapping[str, str]) -> Addressed:
    """
    Every HTTP check of the manual, from each of its regions.
    """
    probes: list[Probe] = []
    missing: dict[str, str] = {}
    for name, check in manual.checks.items():
        if check.http is None:
            continue
        url = _url(check, manual, environ)
        why = _what_to_set(check, manual) if url is None else _why_not(url)
        if url is None or why:
            missing[name] = why
            continue
        regions = dict.fromkeys(region.name for region in check.regions) or [HERE]
        probes += [probe_of(name, region, check, url) for region in regions]
    return Addressed(probes=tuple(probes), missing=missing)


def _url(check: Check, manual: Manual, environ: Mapping[str, str]) -> str | None:
    written = check.http or ""
    if not written.startswith("/"):
        return written
    base = _base(check, manual, environ)
    return None if base is None else base.rstrip("/") + written


def _why_not(url: str) -> str:
    """
    Why this is no address to ask, empty when it is. It is not shown whole, for it may hold a secret.
    """
    if "://" not in url:
        return "its address is neither whole (`https://...`) nor a path (`/...`) under one that is"
    try:
        shown(url)
    except Refused as refused:
        return refused.why
    return ""


def _base(check: Check, manual: Manual, environ: Mapping[str, str]) -> str | None:
    service = manual.services.get(check.service) if check.service else None
    for url, env in (
        (service.url, service.url_env) if service else (None, None),
        (manual.base_url, manual.base_url_env),
    ):
        if url is not None:
            return url
        if env is not None and environ.get(env, "").strip():
            return environ[env].strip()
    return None


def _what_to_set(check: Check, manual: Manual) -> str:
    service = manual.services.get(check.service) if check.service else None
    names = [env for env in (service.url_env if service else None, manual.base_url_env) if env]
    if names:
        return f"set {' or '.join(names)} to the address of the product"
    return "write `url` beside its service, or `base_url`"
