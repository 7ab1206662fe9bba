# Spark Structured Streaming, availableNow: foreachBatch with MERGE INTO, of 200,000 changes the newest of each key
import os
import tempfile

import pyspark
from contestant import Job, report
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

job = Job()
path = os.path.join(job.output, "items")
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()
STRUCT = "STRUCT<id: BIGINT, name: STRING, price: BIGINT, changed: BIGINT>"
spark.sql(f"CREATE TABLE delta.`{path}` (id BIGINT, name STRING, price BIGINT, changed BIGINT) USING delta")
source = {
    "kafka.bootstrap.servers": job.services["kafka"]["bootstrap"],
    "subscribe": "items",
    "startingOffsets": "earliest",
    "maxOffsetsPerTrigger": "200000",
}
changes = (
    spark.readStream.format("kafka")
    .options(**source)
    .load()
    .select("offset", F.from_json(F.col("value").cast("string"), f"op STRING, before {STRUCT}, after {STRUCT}").alias("c"))
    .select("offset", "c.op", F.coalesce("c.after", "c.before").alias("row"))
    .select("offset", "op", "row.*")
)


def merge(batch, _):
    newest = Window.partitionBy("id").orderBy(F.desc("offset"))
    last = batch.withColumn("place", F.row_number().over(newest)).where("place = 1")
    last.createOrReplaceTempView("s")
    batch.sparkSession.sql(
        f"MERGE INTO delta.`{path}` AS t USING s ON t.id = s.id WHEN MATCHED AND s.op = 'd' THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET id = s.id, name = s.name, price = s.price, changed = s.changed "
        "WHEN NOT MATCHED AND s.op <> 'd' THEN INSERT (id, name, price, changed) "
        "VALUES (s.id, s.name, s.price, s.changed)"
    )


with tempfile.TemporaryDirectory() as progress:
    stream = changes.writeStream.foreachBatch(merge).option("checkpointLocation", progress).trigger(availableNow=True)
    stream.start().awaitTermination()
report(engine=f"Spark {pyspark.__version__}")
spark.stop()
