"""How a mail is written as bytes."""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any


class _WholeSubject(EmailPolicy):
    """Folds a subject that is not ASCII by the older ``Header``.

    ``EmailPolicy`` loses the space between two encoded words (Python 3.11, gh-92081), which
    joins Arabic words into one.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Break what looks like an encoded word: decoded, a page's title could add headers."""
        if name.lower() == "subject":
            value = str(value).replace("=?", "= ?")
        return super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() == "subject" and not str(value).isascii():
            words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


# Seven bits pass through every relay; a body that needs more is base64 or quoted-printable.
_POLICY = _WholeSubject(linesep="\r\n", cte_type="7bit")


def new_mail() -> EmailMessage:
    """Return an empty message whose ``as_bytes`` is what goes on the wire."""
    return EmailMessage(policy=_POLICY)
