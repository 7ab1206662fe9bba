"""The daily run on Spark: native expressions for the cleaning, the project's own SQL for the questions."""

import json
import os
import time
from glob import glob
from pathlib import Path

from pins.in_spark import SCHEMA as PIN
from pins.in_spark import clean as clean_pin
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType

QUESTIONS = Path(__file__).parents[2] / "examples/pinterest/questions"

GEO = StructType([
    StructField("ind", IntegerType()), StructField("timestamp", StringType()), StructField("latitude", DoubleType()),
    StructField("longitude", DoubleType()), StructField("country", StringType()),
])  # fmt: skip
USER = StructType([
    StructField("ind", IntegerType()), StructField("first_name", StringType()), StructField("last_name", StringType()),
    StructField("age", IntegerType()), StructField("date_joined", StringType()),
])  # fmt: skip


def clean_geo(raw):
    return raw.select(
        "ind", "country", F.array("latitude", "longitude").alias("coordinates"), F.to_timestamp("timestamp").alias("timestamp")
    )


def clean_user(raw):
    name = F.concat_ws(" ", "first_name", "last_name").alias("user_name")
    return raw.select("ind", name, "age", F.to_timestamp("date_joined").alias("date_joined"))


def configured(builder):
    settings = {
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def daily_run(spark, source, output):
    """Answers how many seconds it took."""
    started = time.monotonic()
    for name, schema, clean in (("pin", PIN, clean_pin), ("geo", GEO, clean_geo), ("user", USER, clean_user)):
        raw = spark.read.schema(schema).json(os.path.join(source, f"{name}.jsonl"))
        folder = os.path.join(output, "lake/batch", name)
        clean(raw).dropDuplicates().write.format("delta").mode("overwrite").save(folder)
        spark.read.format("delta").load(folder).createOrReplaceTempView(name)
    posts = spark.sql((QUESTIONS / "posts.sql").read_text()).cache()
    posts.createOrReplaceTempView("posts")
    answers = Path(output, "out/2026-01-31")
    answers.mkdir(parents=True, exist_ok=True)
    for file in sorted(glob(str(QUESTIONS / "q*.sql"))):
        text = Path(file).read_text()
        described = json.loads(Path(file).with_suffix(".json").read_text())
        for name, value in described.get("parameters", {}).items():
            text = text.replace(f"${name}", str(value))
        rows = [row.asDict() for row in spark.sql(text).collect()]
        (answers / f"{Path(file).stem}.json").write_text(json.dumps(rows))
    posts.unpersist()
    return time.monotonic() - started
