# Spark and Delta on all cores, cold: native expressions, dropDuplicates, Delta tables, the same questions over a cached table
import pyspark
from batch.in_spark import configured, daily_run
from contestant import Job, report
from pyspark.sql import SparkSession

job = Job()
spark = configured(SparkSession.builder)
daily_run(spark, job.input, job.output)
report(engine=f"Spark {pyspark.__version__}")
spark.stop()
