"""
Which channels does a manual have, and are they ready?

Addresses and secrets come from the environment under the names in the manual. What is missing makes a channel that says
what to set; it never stops the others:

>>> from watchkeeper.outside.clock import RealClock
>>> manual = Manual(watchkeeper=1, manual="Shop", channels={"team": {"kind": "slack", "address_env": "TEAM_HOOK"}})
>>> channels_of(manual, {}, HttpClient(RealClock()))["team"].not_ready
'channel team: the environment variable TEAM_HOOK is not set; set it to the address and start again'
"""

from collections.abc import Callable, Mapping
from typing import Final

from watchkeeper.act.channels.discord.channel import DiscordChannel
from watchkeeper.act.channels.sending import Channel
from watchkeeper.act.channels.slack.channel import SlackChannel
from watchkeeper.act.channels.unready import UnreadyChannel
from watchkeeper.act.channels.webhook.channel import WebhookChannel, key_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Channel as Entry
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import HttpClient, shown
from watchkeeper.outside.secrets import Secret


def channels_of(
    manual: Manual, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None = None
) -> dict[str, Channel]:
    """
    Every channel of the manual by name, planned ones left out (nothing is ever sent to them).

    `allow_private`: may they reach this machine and private networks? None: as the client was made.
    """
    return {
        name: _channel(name, entry, environ, http, allow_private)
        for name, entry in manual.channels.items()
        if not entry.planned
    }


def not_ready(channels: Mapping[str, Channel]) -> dict[str, str]:
    """
    The channels that cannot send, each with what to set.
    """
    return {name: channel.not_ready for name, channel in channels.items() if channel.not_ready}


class _Lacks(Exception):
    """
    What a channel lacks, in words.
    """


def _channel(
    name: str, entry: Entry, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None
) -> Channel:
    try:
        make = _KINDS.get(entry.kind)
        if make is None:
            raise _Lacks(f"`{entry.kind}` is declared, not yet live; {', '.join(_KINDS)} are")
        return make(entry, environ, http, allow_private)
    except _Lacks as lack:
        return UnreadyChannel(kind=entry.kind, not_ready=f"channel {name}: {lack}")


def _webhook(entry: Entry, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None) -> Channel:
    secret, unsigned = _secret(entry, environ)
    return WebhookChannel(
        _address(entry, environ), http=http, secret=secret, unsigned=unsigned, allow_private=allow_private
    )


def _slack(entry: Entry, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None) -> Channel:
    return SlackChannel(_address(entry, environ), http=http, allow_private=allow_private)


def _discord(entry: Entry, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None) -> Channel:
    return DiscordChannel(_address(entry, environ), http=http, allow_private=allow_private)


_Make = Callable[[Entry, Mapping[str, str], HttpClient, bool | None], Channel]
_KINDS: Final[dict[str, _Make]] = {"webhook": _webhook, "slack": _slack, "discord": _discord}


def _address(entry: Entry, environ: Mapping[str, str]) -> Secret:
    variable = entry.address_env
    if variable is None:
        raise _Lacks("the manual names no `address_env`; name the environment variable that holds the address")
    text = environ.get(variable, "").strip()
    if not text:
        raise _Lacks(f"the environment variable {variable} is not set; set it to the address and start again")
    try:
        shown(text)
    except Refused:  # its words may hold the beginning of what was set by mistake
        raise _Lacks(f"{variable} holds no address; it must begin with http:// or https:// and name a host") from None
    return Secret(text)


def _secret(entry: Entry, environ: Mapping[str, str]) -> tuple[Secret | None, str]:
    """
    The signing secret; without one, why messages are not signed.
    """
    if entry.secret_env is None:
        return None, "not signed: the manual names no `secret_env`"
    text = environ.get(entry.secret_env, "").strip()
    if not text:
        return None, f"not signed: {entry.secret_env} is not set"
    if key_of(Secret(text)) is None:
        raise _Lacks(f"{entry.secret_env} is no signing secret; it must be `whsec_` and 24 to 64 bytes in base64")
    return Secret(text), ""
