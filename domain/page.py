"""What a server sent, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.time import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer of a server as it was received, its body unpacked."""

    url: str  # after redirects
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    fetched_at: datetime

    def __post_init__(self) -> None:
        require_utc(self.fetched_at, "fetched_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Where a page is kept: a record of a WARC file in the archive's folder."""

    url: str
    fetched_at: datetime
    file: str  # name in the folder
    offset: int  # of the record's gzip member, in bytes
    length: int  # of that member, in bytes
