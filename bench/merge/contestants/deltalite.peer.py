# deltalite: DeltaLiteTable.upsert, which knows no deletes
import os
import shutil
from importlib.metadata import version

from contestant import Job, ready, report, unavailable

job = Job()
if job.variant == "delete only":
    unavailable("it knows no deletes")
try:
    import deltalite
    import pyarrow.parquet
except ImportError:
    unavailable("it needs Python 3.12 or later")
path = os.path.join(job.output, "web_returns")
shutil.copytree(os.path.join(job.input, "web_returns"), path)
ready()
rows = pyarrow.parquet.read_table(os.path.join(job.input, "source.parquet"))
made = deltalite.DeltaLiteTable.open(path).upsert(rows, primary_keys=["wr_item_sk", "wr_order_number"])
report(
    engine=f"deltalite {version('deltalite')}",
    figures={"inserted": made.rows_inserted, "updated": made.rows_updated, "deleted": 0},
)
