# Spark Structured Streaming and Delta: a trigger as soon as the last is done, one task a batch, few checkpoints
import json
import os
import subprocess
import tempfile
import uuid
from pathlib import Path

import pyspark
from contestant import Job, report, unavailable
from pins.in_kafka import read_pins
from pyspark.sql import SparkSession

job = Job()
if job.variant != "folder":
    unavailable("its S3 connector is not among what pnpm services installs")
bootstrap = job.services["kafka"]["bootstrap"]
topic = f"latency-{uuid.uuid4()}"
bench = Path(__file__).parents[1]
make = f"import {{ makeTopic }} from '{bench}/steady-feed.ts'; await makeTopic('{bootstrap}', '{topic}')"
subprocess.run(["node", "--input-type=module", "-e", make], check=True)
spark = (
    SparkSession.builder.config("spark.sql.shuffle.partitions", "1")
    .config("spark.databricks.delta.properties.defaults.checkpointInterval", "100")
    .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
    .config("spark.sql.streaming.minBatchesToRetain", "100")
    .getOrCreate()
)
folder = os.path.join(job.output, "pin")
with tempfile.TemporaryDirectory() as checkpoint:
    pins = read_pins(spark.readStream, bootstrap, topic).coalesce(1)
    query = (
        pins.writeStream.format("delta")
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime="0 seconds")
        .start(folder)
    )
    told = {
        "bootstrap": bootstrap, "topic": topic, "lake": job.output,
        "input": job.input, "size": job.size, "pid": os.getppid(),
    }  # fmt: skip
    observed = subprocess.run(
        ["node", str(bench / "observer.ts"), json.dumps(told)], check=True, stdout=subprocess.PIPE, text=True
    )
    query.stop()
spark.stop()
report(engine=f"Spark {pyspark.__version__}", figures=json.loads(observed.stdout.splitlines()[-1]))
