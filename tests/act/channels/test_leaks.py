"""
Does any channel give away its address or its secret?
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
import structlog

from tests.act.channels.leaks import KEY, TOKEN, leaks_no_secret
from tests.act.mailboxes import a_mailbox, trusting
from tests.act.messages import a_message
from watchkeeper.act.channels.email.channel import EmailChannel, server_of
from watchkeeper.act.channels.email.letter import mailbox
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.mail import MailClient
from watchkeeper.outside.secrets import Secret


@pytest.mark.parametrize("kind", ["webhook", "slack", "discord", "email", "ntfy", "pagerduty"])
def test_a_channel_leaks_no_secret(kind, receiver, http, caplog, tmp_path):
    leaks_no_secret(kind, receiver, http, caplog, tmp_path)


def test_what_a_mail_server_repeats_is_shown_nowhere(tmp_path, caplog):
    """
    The server signs nobody in, and says who tried; and it refuses a letter with the words of its header.
    """
    valid = {"since": datetime(2020, 1, 1, tzinfo=UTC), "until": datetime(2099, 1, 1, tzinfo=UTC)}
    server, client = trusting(tmp_path / "ca", **valid)
    sender, results = mailbox("watch@shop.example"), []
    assert sender is not None
    with structlog.testing.capture_logs() as logs, caplog.at_level(logging.DEBUG, logger="watchkeeper"):
        for users in ({TOKEN: "other"}, {TOKEN: KEY}):
            with a_mailbox(starttls=server, users=users) as box:
                box.data = f"554 5.7.1 {TOKEN} {KEY} said so"
                address = Secret(f"smtp://{TOKEN}:{KEY}@127.0.0.1:{box.port}")
                channel = EmailChannel(
                    server_of(address),
                    mail=MailClient(RealClock(), tls=client),
                    sender=sender,
                    to=[sender],
                    allow_private=True,
                )
                results += [
                    channel.send(a_message(), message_id="m", now=datetime(2026, 3, 1, tzinfo=UTC)),
                    vars(channel),
                ]
                assert box.tried == [TOKEN]  # it would be seen
    shown = repr([results, logs]) + caplog.text
    assert "535" in shown
    assert "554" in shown
    assert TOKEN not in shown
    assert KEY not in shown
