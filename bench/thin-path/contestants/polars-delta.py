# polars and delta-rs: scan_ndjson, lazy expressions, write_delta
import os

import deltalake
import polars as pl
from contestant import Job, report
from pins.in_polars import SCHEMA, clean

job = Job()
pins = clean(pl.scan_ndjson(os.path.join(job.input, "pins.jsonl"), schema=SCHEMA)).collect()
zstd = deltalake.WriterProperties(compression="ZSTD", compression_level=1)
pins.write_delta(os.path.join(job.output, "pin"), delta_write_options={"writer_properties": zstd})
report(engine=f"polars {pl.__version__}, delta-rs {deltalake.__version__}")
