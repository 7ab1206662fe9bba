# Spark Structured Streaming, availableNow: foreachBatch into the JDBC sink on all cores, warm; at least once
import os
import tempfile

import pyspark
from contestant import Job, ready, report, unavailable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, StringType, StructField, StructType

job = Job()
if job.variant == "upsert":
    unavailable("Spark's JDBC sink only appends")
SCHEMA = StructType(
    [
        StructField("ind", IntegerType()),
        StructField("first_name", StringType()),
        StructField("last_name", StringType()),
        StructField("age", IntegerType()),
        StructField("date_joined", StringType()),
    ]
)
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
server = job.services["postgres"]
url = f"jdbc:postgresql://{server['host']}:{server['port']}/{server['database']}?sslmode=require"
table = {"user": server["user"], "password": server["password"], "driver": "org.postgresql.Driver", "dbtable": "spark_user"}
kafka = {"kafka.bootstrap.servers": job.services["kafka"]["bootstrap"], "subscribe": f"{job.variant}-user"}


def named(first, last):
    return F.nullif(F.concat_ws(" ", F.nullif(first, F.lit("")), F.nullif(last, F.lit(""))), F.lit(""))


messages = spark.readStream.format("kafka").options(**kafka).option("startingOffsets", "earliest").load()
raw = messages.select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("user")).select("user.*")
users = raw.select(
    "ind",
    named(F.col("first_name"), F.col("last_name")).alias("user_name"),
    "age",
    F.to_timestamp("date_joined").alias("date_joined"),
)


def append(batch, _):
    batch.write.format("jdbc").options(url=url, batchsize="10000", **table).mode("append").save()


# An empty table, so that nothing of the last round is there.
spark.createDataFrame([], users.schema).write.format("jdbc").options(url=url, **table).mode("overwrite").save()
ready(waits=False)
with tempfile.TemporaryDirectory() as progress:
    started = users.writeStream.foreachBatch(append).option("checkpointLocation", progress).trigger(availableNow=True)
    started.start().awaitTermination()
report(engine=f"Spark {pyspark.__version__}")
rows = spark.read.format("jdbc").options(url=url, **table).load()
rows = rows.withColumn("date_joined", F.unix_timestamp("date_joined"))
rows.write.parquet(os.path.join(job.output, "user.parquet"))
spark.stop()
