SELECT
  ind,
  country,
  ARRAY[latitude, longitude] AS coordinates,
  timestamp
FROM raw
