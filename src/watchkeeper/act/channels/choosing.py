"""
Which channels does a manual have, and are they ready?

Addresses and secrets come from the environment under the names in the manual. What is missing makes a channel that says
what to set; it never stops the others:

>>> from watchkeeper.outside.clock import RealClock
>>> manual = Manual(watchkeeper=1, manual="Shop", channels={"team": {"kind": "slack", "address_env": "TEAM_HOOK"}})
>>> channels_of(manual, {}, HttpClient(RealClock()))["team"].not_ready
'channel team: the environment variable TEAM_HOOK is not set; set it to the address and start again'
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final

from watchkeeper.act.channels.discord.channel import DiscordChannel
from watchkeeper.act.channels.email.channel import EmailChannel, NoServer, server_of
from watchkeeper.act.channels.email.letter import mailbox
from watchkeeper.act.channels.ntfy.channel import NtfyChannel
from watchkeeper.act.channels.pagerduty.channel import NoKey, PagerDutyChannel, key_of
from watchkeeper.act.channels.sending import Channel
from watchkeeper.act.channels.slack.channel import SlackChannel
from watchkeeper.act.channels.unready import UnreadyChannel
from watchkeeper.act.channels.webhook import channel as webhook
from watchkeeper.act.channels.webhook.channel import WebhookChannel
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Channel as Entry
from watchkeeper.outside.errors import Refused
from watchkeeper.outside.http import HttpClient, shown
from watchkeeper.outside.mail import MailClient
from watchkeeper.outside.secrets import Secret, SecretFault, secret_from


def channels_of(
    manual: Manual, environ: Mapping[str, str], http: HttpClient, allow_private: bool | None = None
) -> dict[str, Channel]:
    """
    Every channel of the manual by name, planned ones left out (nothing is ever sent to them).

    `allow_private`: may they reach this machine and private networks? None: as the client was made.
    """
    means = _Means(manual=manual, environ=environ, http=http, mail=http.mail_client(), allow_private=allow_private)
    return {name: _channel(name, entry, means) for name, entry in manual.channels.items() if not entry.planned}


def not_ready(channels: Mapping[str, Channel]) -> dict[str, str]:
    """
    The channels that cannot send, each with what to set.
    """
    return {name: channel.not_ready for name, channel in channels.items() if channel.not_ready}


def signing_secret(entry: Entry, environ: Mapping[str, str]) -> Secret | None:
    """
    The secret by which Slack signs what people press in its messages; None when there is none. Raises SecretFault.
    """
    return secret_from(environ, entry.signing_env) if entry.signing_env else None


class _Lacks(Exception):
    """
    What a channel lacks, in words.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """
    What channels are made of, beside their entry.
    """

    manual: Manual
    environ: Mapping[str, str]
    http: HttpClient
    mail: MailClient
    allow_private: bool | None


def _channel(name: str, entry: Entry, means: _Means) -> Channel:
    try:
        make = _KINDS.get(entry.kind)
        if make is None:
            raise _Lacks(f"`{entry.kind}` is declared, not yet live; {', '.join(_KINDS)} are")
        return make(entry, means)
    except (_Lacks, SecretFault) as lack:
        return UnreadyChannel(kind=entry.kind, not_ready=f"channel {name}: {lack}")


def _webhook(entry: Entry, means: _Means) -> Channel:
    secret, unsigned = _secret(entry, means)
    return WebhookChannel(
        _web_address(entry, means),
        http=means.http,
        secret=secret,
        unsigned=unsigned,
        allow_private=means.allow_private,
    )


def _slack(entry: Entry, means: _Means) -> Channel:
    answers = signing_secret(entry, means.environ) is not None
    return SlackChannel(
        _web_address(entry, means),
        http=means.http,
        answers=answers,
        unanswered=f"without buttons: {entry.signing_env} is not set" if entry.signing_env and not answers else "",
        allow_private=means.allow_private,
    )


def _discord(entry: Entry, means: _Means) -> Channel:
    return DiscordChannel(_web_address(entry, means), http=means.http, allow_private=means.allow_private)


def _ntfy(entry: Entry, means: _Means) -> Channel:
    token = secret_from(means.environ, entry.token_env) if entry.token_env else None
    if entry.token_env and token is None:
        raise _Lacks(f"the environment variable {entry.token_env} is not set; set it to the access token")
    return NtfyChannel(_web_address(entry, means), http=means.http, token=token, allow_private=means.allow_private)


def _pagerduty(entry: Entry, means: _Means) -> Channel:
    address = _address(entry, means, what="the integration key") if entry.address_env else None
    if address is not None:
        try:
            key_of(address)
        except NoKey as error:
            raise _Lacks(f"{entry.address_env}: {error}") from None
    return PagerDutyChannel(address, http=means.http, watch=means.manual.manual, allow_private=means.allow_private)


def _email(entry: Entry, means: _Means) -> Channel:
    if entry.from_ is None:
        raise _Lacks("the manual names no `from`; name the mail address that it is sent from")
    sender = mailbox(entry.from_)
    if sender is None:
        raise _Lacks("its `from` is no mail address such as watch@shop.example")
    try:
        server = server_of(_address(entry, means, what="the address of the mail server"))
    except NoServer as error:
        raise _Lacks(f"{entry.address_env}: {error}") from None
    return EmailChannel(
        server,
        mail=means.mail,
        sender=sender,
        to=tuple(_audience(entry, means.manual)),
        watch=means.manual.manual,
        allow_private=means.allow_private,
    )


_KINDS: Final[dict[str, Callable[[Entry, _Means], Channel]]] = {
    "webhook": _webhook,
    "slack": _slack,
    "discord": _discord,
    "email": _email,
    "ntfy": _ntfy,
    "pagerduty": _pagerduty,
}


def _audience(entry: Entry, manual: Manual) -> Iterator[Address]:
    """
    The mail addresses in `to`: written out, or those of people and contacts of the manual. Other words are only words.
    """
    for text in entry.to:
        person = manual.people.get(text) or manual.contacts.get(text)
        found = mailbox((person.email or "") if person else text)
        if found is not None:
            yield found


def _web_address(entry: Entry, means: _Means) -> Secret:
    address = _address(entry, means, what="the address")
    try:
        shown(address.reveal())
    except Refused:  # its words may hold the beginning of what was set by mistake
        why = f"{entry.address_env} holds no address; it must begin with http:// or https:// and name a host"
        raise _Lacks(why) from None
    return address


def _address(entry: Entry, means: _Means, *, what: str) -> Secret:
    variable = entry.address_env
    if variable is None:
        raise _Lacks(f"the manual names no `address_env`; name the environment variable that holds {what}")
    found = secret_from(means.environ, variable)
    if found is None:
        raise _Lacks(f"the environment variable {variable} is not set; set it to {what} and start again")
    return found


def _secret(entry: Entry, means: _Means) -> tuple[Secret | None, str]:
    """
    The signing secret; without one, why messages are not signed.
    """
    if entry.secret_env is None:
        return None, "not signed: the manual names no `secret_env`"
    secret = secret_from(means.environ, entry.secret_env)
    if secret is None:
        return None, f"not signed: {entry.secret_env} is not set"
    if webhook.key_of(secret) is None:
        raise _Lacks(f"{entry.secret_env} is no signing secret; it must be `whsec_` and 24 to 64 bytes in base64")
    return secret, ""
