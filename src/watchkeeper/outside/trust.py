"""
Which authorities may vouch for a server?

Those of the system, unless SSL_CERT_FILE (one file of certificates) or SSL_CERT_DIR (a folder of them, named by hash as
`openssl rehash` does) say others, as OpenSSL has it: whoever has an authority of their own names it there.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx2

from watchkeeper.outside.errors import Refused


def trusted(environ: Mapping[str, str]) -> ssl.SSLContext:
    """
    For connections to servers that one of these authorities vouches for.

    Raises Refused when the environment names a file or folder that cannot be used: nobody would be trusted, and every
    https address would seem to be down.
    """
    file, folder = environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None
    if file is None and folder is None:
        return httpx2.create_ssl_context(trust_env=False)
    if folder is not None and not any(Path(one).is_dir() for one in folder.split(":")):
        raise Refused(f"SSL_CERT_DIR is {folder}; wanted a folder of certificates")
    try:
        return ssl.create_default_context(cafile=file, capath=folder)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no certificate in PEM"
        raise Refused(f"SSL_CERT_FILE is {file}; wanted a file of certificates ({why})") from None
