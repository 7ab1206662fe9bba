SELECT
  ind,
  nullif(concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), '') AS user_name,
  age,
  date_joined
FROM raw
