"""Delta tables as delta-rs, polars and pyarrow see them; and delta-rs as a second writer."""

import json
import sys

import polars
import pyarrow as pa
from answering import serve
from column_stats import column_stats
from deltalake import DeltaTable, QueryBuilder, write_deltalake


def open_table(table, version, s3):
    return DeltaTable(table, version=version, storage_options=storage_options(s3))


def storage_options(s3):
    return s3 and {
        "AWS_ENDPOINT_URL": s3["endpoint"],
        "AWS_REGION": s3["region"],
        "AWS_ACCESS_KEY_ID": s3["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": s3["secretAccessKey"],
        "AWS_ALLOW_HTTP": "true",
    }


def run_sql(delta, sql):
    return pa.table(QueryBuilder().register("t", delta).execute(sql).read_all())


def read_by_delta_rs(delta, *_):
    # Not to_pyarrow_table(): on column-mapped tables it answers NULL everywhere, without an error.
    return run_sql(delta, "SELECT * FROM t")


def read_by_polars(delta, table, s3):
    return polars.scan_delta(table, version=delta.version(), storage_options=storage_options(s3)).collect().to_arrow()


def read_by_pyarrow(delta, *_):
    if delta.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        raise ValueError("pyarrow reads column-mapped tables as NULL")
    return delta.to_pyarrow_dataset().to_table()


ENGINES = {"delta-rs": read_by_delta_rs, "polars": read_by_polars, "pyarrow": read_by_pyarrow}


def stats(table, engine="delta-rs", version=None, s3=None):
    delta = open_table(table, version, s3)
    rows = ENGINES[engine](delta, table, s3)
    protocol = delta.protocol()
    return {
        "version": delta.version(),
        "rows": rows.num_rows,
        "columns": column_stats(rows),
        "schema": json.loads(delta.schema().to_json()),
        "partitionColumns": delta.metadata().partition_columns,
        "files": len(delta.file_uris()),
        "protocol": {"reader": protocol.min_reader_version, "writer": protocol.min_writer_version},
    }


def sql(table, sql, version=None, s3=None):
    return run_sql(open_table(table, version, s3), sql).to_pylist()


def append(table, rows, partitionBy=None, s3=None):
    write_deltalake(
        table,
        pa.Table.from_pylist(rows),
        mode="append",
        partition_by=partitionBy,
        storage_options=storage_options(s3),
    )
    return open_table(table, None, s3).version()


def upsert(table, rows, key, deleteWhen):
    delta = open_table(table, None, None)
    merge = delta.merge(
        source=pa.Table.from_pylist(rows, schema=pa.schema(delta.schema())),
        predicate=f"t.{key} = s.{key}",
        source_alias="s",
        target_alias="t",
    )
    merge.when_matched_delete(predicate=deleteWhen).when_matched_update_all().when_not_matched_insert_all(
        predicate=f"NOT ({deleteWhen})"
    ).execute()
    return delta.version()


def arrow_file(path):
    with pa.ipc.open_file(path) as reader:
        rows = reader.read_all()
        rows.validate(full=True)
        types = {field.name: str(field.type) for field in rows.schema}
        return {"types": types, "rows": rows.to_pylist(), "batches": reader.num_record_batches}


serve(int(sys.argv[1]), {"stats": stats, "sql": sql, "append": append, "upsert": upsert, "arrowFile": arrow_file})
