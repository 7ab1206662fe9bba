"""Writes web_returns of TPC-DS at scale 1 into a Parquet file: tpcds.py FILE."""

import os
import sys

import duckdb
import duckdb_extension_tpcds

extension = os.path.join(
    os.path.dirname(duckdb_extension_tpcds.__file__), "extensions", f"v{duckdb.__version__}", "tpcds.duckdb_extension"
)
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{extension}'")
connection.execute("CALL dsdgen(sf = 1)")
connection.execute(f"COPY web_returns TO '{sys.argv[1]}' (FORMAT parquet)")
