"""The console: alerts as plain text on standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from alerts.messages import Composer
from domain.notice import Delivery, SendOutcome, SendResult


class ConsoleChannel:
    """Prints messages. A closed pipe is a failure like any other."""

    def __init__(self, name: str, composer: Composer, stream: TextIO | None = None) -> None:
        self.name = name
        self.gap = 0.0
        self._composer = composer
        self._stream = stream

    async def send(self, deliveries: Sequence[Delivery], *, digest: bool) -> SendOutcome:
        """See ``alerts.ports.Channel``."""
        del digest  # the number of deliveries decides the form
        stream = self._stream or sys.stdout
        text = f"\n{self._composer.text(deliveries)}\n{'═' * 72}\n"
        encoding = stream.encoding or "utf-8"
        try:
            # A terminal without Arabic letters shows marks in their place, not nothing.
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            reason = f"standard output: {error}"
            return SendOutcome(result=SendResult.RETRY, reason=reason, channel_wide=True)
        return SendOutcome(result=SendResult.ACCEPTED)

    async def close(self) -> None:
        """See ``alerts.ports.Channel``."""
