"""
How is a secret that we give away made, and how is it known again?

It has 256 random bits, so a plain digest of it is as hard to turn round as the secret is to guess; only the digest is
kept, and what is compared is digests.

>>> made = new_token()
>>> made.startswith("wk_"), len(made), digest(made) == digest(made), digest("a") == digest("b")
(True, 46, True, False)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN = "wk_"  # noqa: S105  what every token begins with, so that scanners for leaked secrets find them
SHOWN = 9  # characters of a token that are kept to tell it from others: 36 of its 256 bits


def new_secret() -> str:
    """
    43 characters that nobody guesses.
    """
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """
    A token for a program.
    """
    return TOKEN + new_secret()


def digest(secret: str) -> str:
    """
    What we remember of a secret.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """
    Whether two secrets are the same one; takes as long wherever they differ.
    """
    return hmac.compare_digest(digest(one), digest(other))
