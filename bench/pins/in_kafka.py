"""Clean pins out of a Kafka topic, by Spark."""

from pins.in_spark import SCHEMA, clean
from pyspark.sql import functions as F


def read_pins(reader, bootstrap, topic):
    """`reader` is spark.readStream."""
    source = {"kafka.bootstrap.servers": bootstrap, "subscribe": topic, "startingOffsets": "earliest"}
    messages = reader.format("kafka").options(**source).load()
    return clean(messages.select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("pin")).select("pin.*"))
