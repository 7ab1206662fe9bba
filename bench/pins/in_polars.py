"""The cleaning of pins as polars expressions."""

import polars as pl

TEXTS = [
    "unique_id", "title", "description", "poster_name", "follower_count", "tag_list",
    "is_image_or_video", "image_src", "save_location", "category",
]  # fmt: skip

SCHEMA = {"index": pl.Int32, **{name: pl.String for name in TEXTS}, "downloaded": pl.Int32}


def clean(raw):
    return raw.select(
        pl.col("index").alias("ind"),
        "unique_id",
        said("title", "No Title Data Available"),
        said("description", "No description available Story format", "No description available"),
        followers(),
        said("poster_name", "User Info Error"),
        said("tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"),
        "is_image_or_video",
        said("image_src", "Image src error."),
        pl.col("save_location").str.replace("Local save in ", "", literal=True),
        "category",
    )


def said(name, *sentinels):
    return pl.when(~pl.col(name).is_in(["", *sentinels])).then(pl.col(name)).alias(name)


def followers():
    text = pl.col("follower_count")
    number = text.str.strip_suffix("k").str.strip_suffix("M").cast(pl.Int32, strict=False)
    unit = pl.when(text.str.ends_with("k")).then(1_000).when(text.str.ends_with("M")).then(1_000_000).otherwise(1)
    return (number * unit).cast(pl.Int32).alias("follower_count")
