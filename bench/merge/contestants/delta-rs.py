# delta-rs from Python: DeltaTable.merge
import os
import shutil

import deltalake
import pyarrow.parquet
from contestant import Job, ready, report

job = Job()
path = os.path.join(job.output, "web_returns")
shutil.copytree(os.path.join(job.input, "web_returns"), path)
source = os.path.join(job.input, "source.parquet")
zstd = deltalake.WriterProperties(compression="ZSTD", compression_level=1)
ready()
merge = deltalake.DeltaTable(path).merge(
    source=pyarrow.parquet.read_table(source),
    predicate="t.wr_item_sk = s.wr_item_sk AND t.wr_order_number = s.wr_order_number",
    source_alias="s",
    target_alias="t",
    writer_properties=zstd,
)
if job.variant == "delete only":
    merge = merge.when_matched_delete()
elif job.variant == "insert only":
    merge = merge.when_not_matched_insert_all()
else:
    merge = merge.when_matched_update_all().when_not_matched_insert_all()
made = merge.execute()
report(
    engine=f"delta-rs {deltalake.__version__}",
    figures={
        "inserted": made["num_target_rows_inserted"],
        "updated": made["num_target_rows_updated"],
        "deleted": made["num_target_rows_deleted"],
    },
)
