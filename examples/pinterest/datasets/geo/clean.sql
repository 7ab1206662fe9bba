SELECT
  ind,
  nullif(country, '') AS country,
  ARRAY[latitude, longitude] AS coordinates,
  timestamp
FROM raw
