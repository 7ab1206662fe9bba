# polars: scan_ndjson on the bytes, lazy expressions, sink_parquet
import os

import polars as pl
from contestant import Job, ready, report
from pins.in_polars import SCHEMA, clean

job = Job()
with open(os.path.join(job.input, "pins.jsonl"), "rb") as file:
    data = file.read()
ready()
pins = clean(pl.scan_ndjson(data, schema=SCHEMA))
pins.sink_parquet(os.path.join(job.output, "pins.parquet"), compression="zstd", compression_level=1)
report(engine=f"polars {pl.__version__}")
