# Spark Structured Streaming, availableNow: Kafka to Delta on all cores, cold, its progress in a checkpoint folder
import os

import pyspark
from contestant import Job, report, unavailable
from pins.in_spark import SCHEMA, clean
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession, functions as F

job = Job()
spark = SparkSession.builder.getOrCreate()
stream = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", job.services["kafka"]["bootstrap"])
    .option("subscribe", "pin")
    .option("startingOffsets", "earliest")
)
try:
    messages = stream.load()
except AnalysisException as error:
    unavailable(f"this Spark has no Kafka connector ({error.getCondition()})")
pins = messages.select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("pin")).select("pin.*")
query = (
    clean(pins)
    .writeStream.format("delta")
    .option("checkpointLocation", os.path.join(job.output, "progress"))
    .trigger(availableNow=True)
    .start(os.path.join(job.output, "pin"))
)
query.awaitTermination()
report(engine=f"Spark {pyspark.__version__}")
spark.stop()
