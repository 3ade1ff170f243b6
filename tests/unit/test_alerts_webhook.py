"""The signature of a webhook, checked as docs/channels.md tells a receiver to check it."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alerting import NOW, delivery
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.webhook import signature_headers
from alerts.messages import Composer

ROOT = Path(__file__).resolve().parents[2]


def documented() -> Any:
    """Return the function that the documentation gives to receivers."""
    text = (ROOT / "docs/channels.md").read_text(encoding="utf-8")
    code = next(c for c in re.findall(r"```python\n(.*?)```", text, re.S) if "def is_ours" in c)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_ours"]


def test_the_vector_of_the_specification():
    """From the Standard Webhooks reference: secret, id, time and body with their signature."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    now = datetime.fromtimestamp(1614265330, UTC)
    body = b'{"test": 2432232314}'
    headers = signature_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", now, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=16, max_size=64), st.binary(max_size=200))
def test_the_documented_check_takes_ours_and_nothing_else(key: bytes, body: bytes):
    secret = f"whsec_{base64.b64encode(key).decode()}"
    headers = signature_headers(secret, "id", NOW, body)
    is_ours = documented()
    now = NOW.timestamp()
    assert is_ours(secret, headers, body, now)
    assert not is_ours(secret, headers, body + b" ", now)
    assert not is_ours(secret, {**headers, "webhook-id": "other"}, body, now)
    assert not is_ours(secret, headers, body, now + 600)
    assert not is_ours(f"whsec_{base64.b64encode(key + b'x').decode()}", headers, body, now)


@pytest.mark.parametrize("count", [1, 3])
def test_a_message_sent_again_has_its_id(count: int):
    told = [delivery(n) for n in range(1, count + 1)]
    first = Composer().payload(told)
    assert Composer().payload(list(reversed(told)))["id"] == first["id"]
    assert len(first["notices"]) == count
