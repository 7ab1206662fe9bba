# the same Spark session doing it twice: what the second time takes is the figure below the table
import pyspark
from batch.in_spark import configured, daily_run
from contestant import Job, report
from pyspark.sql import SparkSession

job = Job()
spark = configured(SparkSession.builder)
daily_run(spark, job.input, job.output)
seconds = daily_run(spark, job.input, job.output)
report(engine=f"Spark {pyspark.__version__}", figures={"second time s": round(seconds, 2)})
spark.stop()
