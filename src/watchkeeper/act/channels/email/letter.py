r"""
What does a message look like as a mail?

Plain text and HTML side by side (RFC 2046, 5.1.4). All mails of one incident refer to the same first mail (RFC 5322,
3.6.4), so that mail programs show them together. What outside input names is text and nothing else: in a header it is
one line, in HTML it is escaped.

>>> one_line("Disk full\r\nBcc: everyone@evil.example")
'Disk full Bcc: everyone@evil.example'
"""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b
from typing import Final

from watchkeeper.act.message_values import Button, Fact, Message, Urgency
from watchkeeper.act.plain import plain

MOST_SUBJECT: Final = 200
#: RFC 5321, 4.1.2 without quoted strings and literals, which nobody's address needs.
_MAILBOX: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=78)
_HINT: Final = "A link asks once more before it does anything. Each works once, for you alone."


def mailbox(text: str) -> Address | None:
    """
    A mail address such as `ada@shop.example` or `Ada <ada@shop.example>`; None when it is none that can be written to.
    """
    if not text.isprintable():
        return None
    name, _, rest = text.rpartition("<") if text.endswith(">") else ("", "", text)
    local, _, domain = rest.removesuffix(">").strip().rpartition("@")
    try:
        spoken = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    if not _MAILBOX.fullmatch(spoken) or ".." in spoken or local[:1] == "." or local[-1:] == ".":
        return None
    return Address(display_name=one_line(name.strip().strip('"')), addr_spec=spoken)


def one_line(text: str, most: int = MOST_SUBJECT) -> str:
    """
    Text that can end no header.
    """
    return plain(text, most=most)


def letter(
    message: Message, *, sender: Address, to: Sequence[Address], message_id: str, watch: str, now: datetime
) -> bytes:
    """
    The whole mail, ready to be handed in: 7-bit ASCII, lines ended by CR LF.

    The same `message_id` gives the same Message-ID, so that a mail that arrives twice is seen once.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"] = sender, tuple(to)
    mail["Subject"] = one_line(message.title) or "A message"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _id(f"{watch}\0{message_id}", "message", sender)
    if message.thread:
        first = _id(f"{watch}\0{message.thread}", "thread", sender)
        mail["In-Reply-To"], mail["References"] = first, first
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers it
    if message.urgency in (Urgency.CRITICAL, Urgency.HIGH):
        mail["Importance"] = "high"  # RFC 2156
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    return mail.as_bytes()


def as_text(message: Message) -> str:
    """
    The mail for programs that show no HTML.
    """
    deeds = [f"{button.label}: {button.url}" for button in message.buttons if button.url]
    return "\n".join([message.text, *(["", *deeds, _HINT] if deeds else [])]) + "\n"


def as_html(message: Message) -> str:
    """
    The mail for those that do: no picture, no script, nothing that is fetched.
    """
    rows = "\n".join(map(_row, message.facts))
    deeds = " ".join(_deed(button) for button in message.buttons if button.url)
    answer = f"<p>{deeds}</p>\n<p style='color:#666'>{html.escape(_HINT)}</p>" if deeds else ""
    return (
        "<!doctype html>\n<html><body style='font-family:system-ui,sans-serif;line-height:1.4'>\n"
        f"<h1 style='font-size:1.2em'>{html.escape(message.title)}</h1>\n{answer}\n"
        f"<table cellpadding='4' style='border-collapse:collapse'>\n{rows}\n</table>\n</body></html>\n"
    )


def _row(fact: Fact) -> str:
    text = html.escape(fact.text)
    if fact.url and fact.url.startswith(("http://", "https://")):
        text = f"<a href='{html.escape(fact.url)}'>{text}</a>"
    return f"<tr><td style='color:#666;vertical-align:top'>{html.escape(fact.name)}</td><td>{text}</td></tr>"


def _deed(button: Button) -> str:
    style = "display:inline-block;padding:10px 16px;border:1px solid #1d4ed8;border-radius:6px;text-decoration:none"
    return f"<a href='{html.escape(button.url or '')}' style='{style}'>{html.escape(button.label)}</a>"


def _id(text: str, what: str, sender: Address) -> str:
    """
    An identification (RFC 5322, 3.6.4) that says nothing of what it is made of.
    """
    return f"<{what}.{blake2b(text.encode(), digest_size=16).hexdigest()}@{sender.domain}>"
