SELECT ts, producer_id, seq FROM raw
