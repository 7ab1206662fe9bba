"""What there is to compare about the columns of an Arrow table, whichever engine read it."""

import json
import zlib

import pyarrow as pa
import pyarrow.compute as pc
from answering import plain

VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


def column_stats(table):
    return {field.name: stats_of(table[field.name]) for field in table.schema}


def stats_of(column):
    column = column.cast(VIEWS.get(column.type, column.type))
    kind = column.type
    stats = {"count": len(column) - column.null_count, "nulls": column.null_count}
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        return {**stats, "digest": digest(column)}
    if pa.types.is_boolean(kind):
        return {**stats, "sum": pc.sum(column).as_py()}
    extremes = pc.min_max(column).as_py()
    stats = {**stats, "min": extremes["min"], "max": extremes["max"]}
    if pa.types.is_integer(kind):
        # In 64 bits a sum wraps around without a word.
        total = pc.sum(column.cast(pa.decimal128(38, 0))).as_py()
        stats["sum"] = None if total is None else int(total)
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        stats["sum"] = pc.sum(column).as_py()
    elif not pa.types.is_temporal(kind):
        stats["bytes"] = pc.sum(pc.binary_length(column)).as_py()
    return stats


def digest(column):
    """The same for the same values in any order."""
    texts = (json.dumps(plain(value), sort_keys=True) for value in column.to_pylist() if value is not None)
    return sum(zlib.crc32(text.encode()) for text in texts)
