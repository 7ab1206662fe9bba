SELECT
  id, total, balance, day, paid, weight, placed,
  placed AT TIME ZONE 'Europe/London' AS placed_local,
  json_array_length(items) AS item_count,
  id % 100 AS kind,
  encode(items) AS bytes,
  CAST(items::JSON AS STRUCT(sku VARCHAR, pieces INTEGER)[]) AS items,
  CAST(address::JSON AS STRUCT(street VARCHAR, lines VARCHAR[])) AS address,
  CAST(labels::JSON AS MAP(VARCHAR, VARCHAR)) AS labels
FROM raw
