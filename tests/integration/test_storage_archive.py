"""The archive: what goes in comes out, whatever a crash or another process did meanwhile."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from storage_promises import NOW, filing, rows
from warcio.archiveiterator import ArchiveIterator

from domain.page import Archived, Page
from storage import Store
from storage.archive import Archive

BODY = "<html><body><p>Une délégation à Alger. وفد عسكري</p></body></html>".encode()
PAGE = Page(
    url="https://tsa.example/a/1",
    status=200,
    headers=(("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip")),
    body=BODY,
    fetched_at=NOW,
)


def page(number: int, size: int = 0) -> Page:
    return replace(PAGE, url=f"https://tsa.example/a/{number}", body=BODY + b"x" * size)


def read(folder: Path, kept: Archived) -> tuple[str, bytes]:
    """Return address and body of a record, found by file and offset alone."""
    with (folder / kept.file).open("rb") as file:
        file.seek(kept.offset)
        record = next(iter(ArchiveIterator(file)))
        assert record.rec_type == "response"
        return record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()


def targets(path: Path) -> list[str]:
    with path.open("rb") as file:
        records = [
            (r.rec_type, r.rec_headers.get_header("WARC-Target-URI"))
            for r in ArchiveIterator(file, check_digests="raise")
        ]
    return [target for kind, target in records if kind == "response"]


def test_a_page_is_found_again_by_file_and_offset(tmp_path):
    archive = Archive(tmp_path / "archive")
    kept = [archive.keep(page(number)) for number in range(5)]
    for number, place in enumerate(kept):
        assert read(tmp_path / "archive", place) == (f"https://tsa.example/a/{number}", BODY)
        assert place.file == "marsad-20260110-00001.warc.gz"
    [file] = (tmp_path / "archive").iterdir()
    assert file.stat().st_size == kept[-1].offset + kept[-1].length
    assert archive.keep(page(3)) == kept[3]  # a feed that proves many hits is kept once
    archive.close()


def test_headers_of_the_wire_are_told_apart(tmp_path):
    archive = Archive(tmp_path)
    kept = archive.keep(replace(PAGE, headers=(*PAGE.headers, ("X-Odd", "a\r\nInjected: 1"))))
    archive.close()
    with (tmp_path / kept.file).open("rb") as file:
        file.seek(kept.offset)
        headers = next(iter(ArchiveIterator(file))).http_headers
    assert headers.get_header("X-Archive-Orig-Content-Encoding") == "gzip"
    assert headers.get_header("Content-Encoding") is None
    assert headers.get_header("Content-Length") == str(len(BODY))
    assert headers.get_header("Injected") is None


def test_files_end_with_the_day_and_at_their_size(tmp_path):
    archive = Archive(tmp_path, largest=1500)
    files = [archive.keep(page(n)).file for n in range(8)]
    tomorrow = archive.keep(replace(page(9), fetched_at=NOW + timedelta(days=1))).file
    archive.close()
    assert files[0].endswith("-00001.warc.gz")
    assert len(set(files)) > 2
    assert tomorrow == "marsad-20260111-00001.warc.gz"
    assert sorted(t for f in set(files) for t in targets(tmp_path / f)) == sorted(
        f"https://tsa.example/a/{n}" for n in range(8)
    )


@pytest.mark.parametrize("cut", [1, 7, 40, 200])
def test_a_torn_record_is_cut_off_and_the_file_goes_on(tmp_path, cut):
    first = Archive(tmp_path)
    kept = [first.keep(page(n)) for n in range(3)]
    first.close()
    path = tmp_path / kept[0].file
    path.write_bytes(path.read_bytes()[:-cut])
    second = Archive(tmp_path)
    again = second.keep(page(7))
    second.close()
    assert again.file == kept[0].file
    assert again.offset == kept[2].offset
    assert targets(path) == [f"https://tsa.example/a/{n}" for n in (0, 1, 7)]
    assert read(tmp_path, kept[1])[1] == BODY


def test_a_new_process_writes_on_where_the_last_one_ended(tmp_path):
    for number in range(3):
        archive = Archive(tmp_path)
        archive.keep(page(number))
        archive.close()
    [file] = tmp_path.iterdir()
    assert len(targets(file)) == 3


def test_two_archives_at_once_write_two_files(tmp_path):
    one, two = Archive(tmp_path), Archive(tmp_path)
    assert one.keep(page(1)).file != two.keep(page(2)).file
    one.close()
    two.close()
    assert sum(len(targets(path)) for path in tmp_path.iterdir()) == 2


def _write_for_ever(folder: str) -> None:
    archive = Archive(Path(folder))
    for number in range(10**9):
        archive.keep(page(number, size=5000 + number % 977))


def test_killed_at_any_moment_every_synced_record_is_whole(tmp_path):
    context = multiprocessing.get_context("spawn")
    for _ in range(3):
        writer = context.Process(target=_write_for_ever, args=(str(tmp_path),))
        writer.start()
        while not any(path.stat().st_size > 20_000 for path in tmp_path.iterdir()):
            writer.join(0.01)
        writer.join(0.05)
        writer.kill()
        writer.join()
    archive = Archive(tmp_path)
    kept = archive.keep(page(1, size=1))
    archive.close()
    assert len(targets(tmp_path / kept.file)) > 3
    assert read(tmp_path, kept)[1] == BODY + b"x"


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        Archive(tmp_path / "file").keep(PAGE)


def test_the_store_says_where_the_page_of_a_hit_is(store: Store) -> None:
    place = Archived(url=PAGE.url, fetched_at=NOW, file="m.warc.gz", offset=2**33, length=9)
    store.file([replace(filing("a"), archived=place), filing("b")], None, NOW)
    ids = [int(str(row[0])) for row in rows(store, "SELECT hit_id FROM v_hits ORDER BY url")]
    assert store.archived(ids) == {ids[0]: place}
    view = rows(store, 'SELECT hit_id, file, "offset" FROM v_archive')
    assert view == [(ids[0], "m.warc.gz", 2**33)]
