# delta-rs from Python: DeltaTable(path).optimize.compact
import os
import shutil

import deltalake
from contestant import Job, ready, report

job = Job()
path = os.path.join(job.output, "pin")
shutil.copytree(os.path.join(job.input, "pin"), path)
zstd = deltalake.WriterProperties(compression="ZSTD", compression_level=3)
ready()
made = deltalake.DeltaTable(path).optimize.compact(target_size=128 << 20, writer_properties=zstd)
report(
    engine=f"delta-rs {deltalake.__version__}",
    figures={"files before": made["numFilesRemoved"], "files after": made["numFilesAdded"]},
)
