# Spark and Delta on all cores, cold: spark.read.json with a schema, expressions, write
import os

import pyspark
from contestant import Job, report
from pins.in_spark import SCHEMA, clean
from pyspark.sql import SparkSession

job = Job()
spark = SparkSession.builder.getOrCreate()
raw = spark.read.schema(SCHEMA).json(os.path.join(job.input, "pins.jsonl"))
clean(raw).write.format("delta").save(os.path.join(job.output, "pin"))
report(engine=f"Spark {pyspark.__version__}")
spark.stop()
