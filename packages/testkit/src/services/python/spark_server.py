"""One long-lived Spark session with Delta: any SQL, and a table's columns for comparing."""

import sys

import pyarrow as pa
from answering import serve
from column_stats import column_stats
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()


def sql(sql, settings=None):
    # Settings are for this statement alone: other tests ask at the same time.
    session = spark.newSession() if settings else spark
    for name, value in (settings or {}).items():
        session.conf.set(name, value)
    frame = session.sql(sql)
    try:
        return frame.toArrow().to_pylist()
    except pa.ArrowInvalid:
        # What Delta's commands answer holds nulls in columns that are said to have none.
        return [row.asDict(recursive=True) for row in frame.collect()]


def stats(table, version=None):
    at = spark.read.format("delta")
    if version is not None:
        at = at.option("versionAsOf", version)
    rows = at.load(table).toArrow()
    latest = spark.sql(f"DESCRIBE HISTORY delta.`{table}` LIMIT 1").first()
    return {
        "version": latest["version"] if version is None else version,
        "rows": rows.num_rows,
        "columns": column_stats(rows),
    }


# The first query of a session loads half of Spark: nobody's test should pay for that.
sql("SELECT 1")
serve(int(sys.argv[1]), {"sql": sql, "stats": stats})
