"""The archive: the page of every hit, as WARC, so that the proof outlives the page.

A file holds gzip members, one a record, and grows by whole records: a record is put together in
memory, written and synced before the hit that it proves is committed. A crash can leave half a
record at a file's end; whoever writes on cuts it off first, and readers come to it last.
``warcio extract --payload FILE OFFSET`` gives a page back.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from domain.page import Archived, Page
from domain.time import isoformat

LARGEST = 256 * 1024 * 1024  # bytes of a file; then the next begins
_REMEMBERED = 256  # pages: a feed that proves twenty hits is kept once
_CHUNK = 1 << 20
_NAME = re.compile(r"marsad-(\d{8})-(\d{5})\.warc\.gz")
_BREAKS = re.compile(r"[\r\n\x00]+")
# Of the body on the wire, not of the one kept. Those are kept under another name.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_log = logging.getLogger(__name__)


class Archive:
    """Writes pages to ``folder``. One Archive serves many threads; processes take turns by file."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self.folder = folder
        self._largest = largest
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._day = ""
        self._kept: OrderedDict[bytes, Archived] = OrderedDict()

    def keep(self, page: Page) -> Archived:
        """Write ``page`` and return where it is. Raises OSError, and then nothing is half kept."""
        key = hashlib.sha256(page.url.encode() + b"\0" + page.body).digest()
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                return known
            file = self._opened(page.fetched_at)
            offset, length = _append(file, _record(page))
            archived = Archived(
                url=page.url,
                fetched_at=page.fetched_at,
                file=Path(file.name).name,
                offset=offset,
                length=length,
            )
            self._kept[key] = archived
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
            return archived

    def close(self) -> None:
        """Close the file that is written to."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self, now: datetime) -> IO[bytes]:
        day = f"{now:%Y%m%d}"
        if self._file is not None and (day != self._day or self._file.tell() >= self._largest):
            self._close()
        if self._file is None:
            self._file, self._day = self._next(day), day
            if self._file.tell() == 0:
                _append(self._file, _head(Path(self._file.name).name))
        return self._file

    def _next(self, day: str) -> IO[bytes]:
        """Open the day's last file that is neither full nor another process's, or a new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        matches = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        numbers = [int(match[2]) for match in matches if match and match[1] == day]
        number = max(numbers, default=1)
        while True:
            file = (self.folder / f"marsad-{day}-{number:05d}.warc.gz").open("a+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
            else:
                _mend(file)
                if file.tell() < self._largest:
                    return file
                file.close()
            number += 1


def read_page(folder: Path, place: Archived) -> bytes | None:
    """Return the body of a page that is kept; None where its file is not there any more."""
    try:
        with (folder / Path(place.file).name).open("rb") as file:
            file.seek(place.offset)
            member = BytesIO(file.read(place.length))
    except OSError:
        return None
    for record in ArchiveIterator(member):
        body: bytes = record.content_stream().read()
        return body
    return None


def _append(file: IO[bytes], record: bytes) -> tuple[int, int]:
    """Write a whole record to the disk, or nothing of it. Returns offset and length."""
    offset = file.seek(0, os.SEEK_END)
    try:
        file.write(record)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), offset)
        raise
    return offset, len(record)


def _mend(file: IO[bytes]) -> None:
    """Cut off a record that a crash left unfinished."""
    whole, end = sound_length(file), file.seek(0, os.SEEK_END)
    if whole < end:
        _log.warning("%s: %d bytes of an unfinished record cut off", file.name, end - whole)
        os.ftruncate(file.fileno(), whole)
        file.seek(0, os.SEEK_END)


def sound_length(file: IO[bytes]) -> int:
    """Return how many bytes of ``file`` are whole gzip members."""
    return max(_ends(file), default=0)


def _ends(file: IO[bytes]) -> Iterator[int]:
    file.seek(0)
    position, data = 0, b""
    while True:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while not unpacker.eof:
                data = data or file.read(_CHUNK)
                if not data:
                    return
                unpacker.decompress(data)
                position += len(data) - len(unpacker.unused_data)
                data = unpacker.unused_data
        except zlib.error:
            return
        yield position


def _record(page: Page) -> bytes:
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    headers = StatusAndHeaders(
        f"{page.status} OK" if page.status == 200 else str(page.status),
        [*map(_told, page.headers), ("Content-Length", str(len(page.body)))],
        protocol="HTTP/1.1",
    )
    writer.write_record(
        writer.create_warc_record(
            page.url,
            "response",
            payload=BytesIO(page.body),
            length=len(page.body),  # unknown, warcio would copy it to a temporary file
            http_headers=headers,
            warc_headers_dict={"WARC-Date": isoformat(page.fetched_at)},
        )
    )
    return buffer.getvalue()


def _told(header: tuple[str, str]) -> tuple[str, str]:
    name, value = (_BREAKS.sub(" ", part) for part in header)
    return (f"X-Archive-Orig-{name}" if name.lower() in _OF_THE_WIRE else name), value


def _head(name: str) -> bytes:
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    facts = {"software": "marsad", "format": "WARC File Format 1.0"}
    writer.write_record(writer.create_warcinfo_record(name, facts))
    return buffer.getvalue()
