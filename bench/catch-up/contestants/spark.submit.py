# Spark Structured Streaming, availableNow: Kafka to Delta on all cores, cold, its progress in a checkpoint folder
import os
import tempfile

import pyspark
from contestant import Job, report
from pins.in_kafka import read_pins
from pyspark.sql import SparkSession

job = Job()
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
pins = read_pins(spark.readStream, job.services["kafka"]["bootstrap"], "pin")
with tempfile.TemporaryDirectory() as progress:
    started = pins.writeStream.format("delta").option("checkpointLocation", progress).trigger(availableNow=True)
    started.start(os.path.join(job.output, "pin")).awaitTermination()
report(engine=f"Spark {pyspark.__version__}")
spark.stop()
