# Spark Structured Streaming and Delta, set as in the original: a trigger as soon as the last is done, a task a core, no checkpoints of the log
import json
import os
import subprocess
import tempfile
import uuid
from pathlib import Path

import pyspark
from contestant import Job, report, unavailable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

job = Job()
where = job.variant.split(", ")[0]
if where != "folder":
    unavailable("its S3 connector is not among what pnpm services installs")
bootstrap = job.services["kafka"]["bootstrap"]
topic = f"latency-{uuid.uuid4()}"
bench = Path(__file__).parents[2]
make = f"import {{ makeTopic }} from '{bench}/latency/steady-feed.ts'; await makeTopic('{bootstrap}', '{topic}')"
subprocess.run(["node", "--input-type=module", "-e", make], check=True)
spark = (
    SparkSession.builder.config("spark.sql.shuffle.partitions", "4")
    .config("spark.databricks.delta.properties.defaults.checkpointInterval", "10000000")
    .getOrCreate()
)
source = {
    "kafka.bootstrap.servers": bootstrap, "subscribe": topic, "startingOffsets": "earliest",
    "kafka.max.poll.records": "50000000", "kafka.fetch.max.bytes": "2097152000",
    "kafka.max.partition.fetch.bytes": "1048576000", "kafka.receive.buffer.bytes": "10485760",
    "minOffsetsPerTrigger": "1", "maxOffsetsPerTrigger": "5000000", "maxTriggerDelay": "1s",
    "fetchOffset.retryIntervalMs": "10",
}  # fmt: skip
schema = "ts STRING, producer_id INT, seq BIGINT"
messages = spark.readStream.format("kafka").options(**source).load()
events = messages.select(F.from_json(F.col("value").cast("string"), schema).alias("event")).select("event.*")
with tempfile.TemporaryDirectory() as checkpoint:
    query = (
        events.withColumn("ts", F.to_timestamp("ts"))
        .coalesce(os.cpu_count())
        .writeStream.format("delta")
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime="0 seconds")
        .start(os.path.join(job.output, "event"))
    )
    told = {
        "bootstrap": bootstrap, "topic": topic, "lake": job.output,
        "variant": job.variant, "messages": job.size, "pid": os.getppid(),
    }  # fmt: skip
    observed = subprocess.run(
        ["node", str(bench / "open-loop/observer.ts"), json.dumps(told)], check=True, stdout=subprocess.PIPE, text=True
    )
    query.stop()
spark.stop()
report(engine=f"Spark {pyspark.__version__}", figures=json.loads(observed.stdout.splitlines()[-1]))
