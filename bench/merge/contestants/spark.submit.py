# Spark with Delta: MERGE INTO
import os
import shutil

import pyspark
from contestant import Job, ready, report
from pyspark.sql import SparkSession

job = Job()
path = os.path.join(job.output, "web_returns")
shutil.copytree(os.path.join(job.input, "web_returns"), path)
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
spark.read.parquet(os.path.join(job.input, "source.parquet")).createOrReplaceTempView("s")
CLAUSES = {
    "delete only": "WHEN MATCHED THEN DELETE",
    "insert only": "WHEN NOT MATCHED THEN INSERT *",
}
BOTH = "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
ready(waits=False)
spark.sql(
    f"MERGE INTO delta.`{path}` AS t USING s "
    "ON t.wr_item_sk = s.wr_item_sk AND t.wr_order_number = s.wr_order_number "
    + CLAUSES.get(job.variant, BOTH)
)
report(engine=f"Spark {pyspark.__version__}")
