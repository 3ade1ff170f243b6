"""Rows as Parquet: columns with their types, for pandas, DuckDB and the like."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from domain.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

_BATCH = 5_000  # rows written together


def write_parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows to standard output as they come; return how many.

    A column's type is that of its first value that is not null: text where there is none.
    Raises UsageError where pyarrow is missing or standard output is a terminal.
    """
    if sys.stdout.isatty():
        raise UsageError("Parquet is no text: write it to a file, as in `--format parquet > FILE`")
    try:
        import pyarrow  # noqa: PLC0415 - an extra, and slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError("--format parquet needs pyarrow: pip install 'marsad[parquet]'") from None
    batches = _batches(rows)
    first = next(batches, [])
    schema = pyarrow.schema(
        [(name, _type(pyarrow, [row[n] for row in first])) for n, name in enumerate(columns)]
    )
    count = 0
    out: BinaryIO = sys.stdout.buffer
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while first:
            writer.write_batch(_batch(pyarrow, schema, first))
            count += len(first)
            first = next(batches, [])
    out.flush()
    return count


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _type(arrow: Any, values: Sequence[Any]) -> pyarrow.DataType:
    found = {type(value) for value in values if value is not None}
    if found == {int}:
        return arrow.int64()
    if found and found <= {int, float}:
        return arrow.float64()
    if found == {bool}:
        return arrow.bool_()
    if found == {bytes}:
        return arrow.binary()
    if found == {tuple}:
        return arrow.list_(arrow.string())
    if found and all(issubclass(kind, datetime) for kind in found):
        return arrow.timestamp("s", tz="UTC")
    return arrow.string()


def _batch(arrow: Any, schema: Any, rows: Sequence[Sequence[Any]]) -> Any:
    names = range(len(schema))
    arrays = [_array(arrow, [row[n] for row in rows], schema.field(n).type) for n in names]
    return arrow.record_batch(arrays, schema=schema)


def _array(arrow: Any, values: list[Any], kind: Any) -> Any:
    if kind == arrow.string():
        values = [None if v is None else str(v) for v in values]
    try:
        return arrow.array(values, type=kind)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError) as error:
        # SQLite's columns hold anything: a later row may have what the first ones had not.
        message = f"a column changes its type ({error}); CAST it in the query"
        raise UsageError(" ".join(message.split())) from None
