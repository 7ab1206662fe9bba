"""The cleaning of pins as Spark expressions."""

from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, StringType, StructField, StructType

TEXTS = [
    "unique_id", "title", "description", "poster_name", "follower_count", "tag_list",
    "is_image_or_video", "image_src", "save_location", "category",
]  # fmt: skip

SCHEMA = StructType([StructField("index", IntegerType()), *(StructField(name, StringType()) for name in TEXTS)])


def clean(raw):
    return raw.select(
        F.col("index").alias("ind"),
        "unique_id",
        said("title", "No Title Data Available"),
        said("description", "No description available Story format", "No description available"),
        followers(),
        said("poster_name", "User Info Error"),
        said("tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"),
        "is_image_or_video",
        said("image_src", "Image src error."),
        F.replace("save_location", F.lit("Local save in "), F.lit("")).alias("save_location"),
        "category",
    )


def said(name, *sentinels):
    return F.when(~F.col(name).isin("", *sentinels), F.col(name)).alias(name)


def followers():
    count = F.col("follower_count")
    number = F.regexp_extract(count, "^([0-9]+)[kM]?$", 1).try_cast("int")
    unit = F.when(count.endswith("k"), 1_000).when(count.endswith("M"), 1_000_000).otherwise(1)
    return (number * unit).alias("follower_count")
