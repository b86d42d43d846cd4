"""The signature by which a receiver knows that a request is ours and new.

``X-Landing-Signature`` is ``v1=`` and the HMAC-SHA256 of time, a dot and the body, in hexadecimal;
``X-Landing-Timestamp`` is that time, in seconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP = "X-Landing-Timestamp"
SIGNATURE = "X-Landing-Signature"


def signature_headers(body: bytes, secret: str, at: int) -> dict[str, str]:
    """The headers of a signed request.

    :param at: now, in seconds since 1970.
    """
    told = f"{at}.".encode() + body
    digest = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return {TIMESTAMP: str(at), SIGNATURE: f"v1={digest}"}
