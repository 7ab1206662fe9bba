SELECT
  ind,
  first_name || ' ' || last_name AS user_name,
  age,
  date_joined
FROM raw
