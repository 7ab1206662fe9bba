# delta-rs from Python: write_deltalake of an Arrow table; a checkpoint every 100 commits, as by default
import os
import time

import deltalake
import pyarrow.parquet as pq
from contestant import Job, ready, report
from deltalake import DeltaTable, WriterProperties, write_deltalake

job = Job()
keep_open = job.variant == "table kept open"
path = os.path.join(job.output, "pin")
pins = pq.read_table(os.path.join(job.input, "pins.parquet"))
zstd = WriterProperties(compression="ZSTD", compression_level=1)
table = DeltaTable.create(path, schema=deltalake.Schema.from_arrow(pins.schema))
ready()
times = []
for _ in range(job.size):
    before = time.perf_counter()
    write_deltalake(table if keep_open else path, pins, mode="append", writer_properties=zstd)
    times.append(time.perf_counter() - before)
tenth = -(-job.size // 10)
report(
    engine=f"delta-rs {deltalake.__version__}",
    figures={
        "commits/s, first tenth": tenth / sum(times[:tenth]),
        "commits/s, last tenth": tenth / sum(times[-tenth:]),
    },
)
