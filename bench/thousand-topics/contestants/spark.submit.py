# Spark Structured Streaming and Delta: one query whose foreachBatch appends to each topic's table, from_avro; fewer topics, no second worker
import json
import os
import subprocess
import tempfile
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyspark
from contestant import Job, report
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

SECONDS = int(os.environ.get("MILLRACE_BENCH_SECONDS", "180"))
EVERY_SECONDS = int(os.environ.get("MILLRACE_BENCH_EVERY_SECONDS", "60"))
MOST_TOPICS = int(os.environ.get("MILLRACE_BENCH_SPARK_TOPICS", "50"))
PER_TOPIC = 10 / 3

job = Job()
bench = Path(__file__).parents[1]
kafka, registry = job.services["kafka"]["bootstrap"], job.services["registry"]["url"]
topics = min(job.size, MOST_TOPICS)
prefix = f"topics-{uuid.uuid4()}"
names = [f"{prefix}.t{i:04}" for i in range(topics)]
feed = subprocess.Popen(
    ["node", str(bench / "feed.ts"), kafka, registry, prefix, str(topics), str(topics * PER_TOPIC)],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
assert feed.stdout.readline().strip() == "ready"


def schemas_of(topic):
    """Answers id and text of each version of the topic's schema, the oldest first."""
    versions = f"{registry}/subjects/{topic}-value/versions"
    numbers = json.load(urllib.request.urlopen(versions))
    found = [json.load(urllib.request.urlopen(f"{versions}/{number}")) for number in sorted(numbers)]
    return [(each["id"], each["schema"]) for each in found]


with ThreadPoolExecutor(8) as pool:
    schemas = dict(zip(names, pool.map(schemas_of, names)))


def rows_of(messages, topic):
    """Answers the messages of a topic as rows of its newest schema, each decoded by the one that its header names."""
    versions = schemas[topic]
    newest = versions[-1][1]
    value, schema_id = F.expr("substring(value, 6)"), F.conv(F.hex(F.expr("substring(value, 2, 4)")), 16, 10).cast("int")
    # Of the branches of a CASE only one is worked out.
    row = None
    for number, text in versions:
        decoded = from_avro(value, text, {"avroSchema": newest, "mode": "FAILFAST"})
        row = F.when(schema_id == number, decoded) if row is None else row.when(schema_id == number, decoded)
    return messages.select(row.alias("row")).select("row.*")


spark = (
    SparkSession.builder.config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
    .config("spark.scheduler.mode", "FAIR")
    .getOrCreate()
)


def messages():
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka)
        .option("subscribe", ",".join(names))
        .option("startingOffsets", "earliest")
        .load()
    )


def start(checkpoints):
    """Starts the query. A batch is written with its number as Delta's transaction: once, also when it is tried again."""
    pool = ThreadPoolExecutor(4)

    def write(batch, batch_id):
        held = batch.select("topic", "value").coalesce(2).persist()

        def append(topic):
            (
                rows_of(held.where(F.col("topic") == topic).coalesce(1), topic)
                .write.format("delta")
                .mode("append")
                .option("txnAppId", prefix)
                .option("txnVersion", batch_id)
                .save(os.path.join(job.output, topic))
            )

        list(pool.map(append, names))
        held.unpersist()

    return (
        messages()
        .writeStream.foreachBatch(write)
        .option("checkpointLocation", checkpoints)
        .trigger(processingTime=f"{EVERY_SECONDS} seconds")
        .start()
    )


def usage_of(pid):
    """Answers CPU seconds that a process has used, and the most memory that it has had, in bytes."""
    stat = Path(f"/proc/{pid}/stat").read_text().split(") ")[1].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), int(peak) * 1024


def is_there(topic):
    return os.path.exists(os.path.join(job.output, topic, "_delta_log", f"{0:020}.json"))


with tempfile.TemporaryDirectory() as checkpoints:
    query = start(checkpoints)
    while not all(is_there(name) for name in names):
        if not query.isActive:
            raise RuntimeError(f"the query has ended: {query.exception()}")
        time.sleep(0.5)
    jvm = os.getppid()
    begun, before = time.time(), usage_of(jvm)
    time.sleep(SECONDS)
    measured_to, after = time.time(), usage_of(jvm)
    feed.stdin.close()
    fed = json.loads(feed.stdout.read().splitlines()[-1])
    query.processAllAvailable()
    query.stop()
spark.stop()
told = [job.output, topics, fed["messages"], int(begun * 1000), int(measured_to * 1000)]
verdict = subprocess.run(
    ["node", str(bench / "verdict.ts"), *map(str, told)], check=True, stdout=subprocess.PIPE, text=True
)
figures = {
    "messagesPerSecond": topics * fed["messages"] / fed["seconds"],
    "cores": (after[0] - before[0]) / (measured_to - begun),
    "peakMB": after[1] / 1e6,
    "messages": topics * fed["messages"],
    **json.loads(verdict.stdout),
}
if figures["lost"] or figures["doubled"]:
    raise RuntimeError(f"{figures['lost']} messages are in no table, {figures['doubled']} are in one twice")
report(engine=f"Spark {pyspark.__version__}", units=topics, figures=figures)
