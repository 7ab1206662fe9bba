-- One row a post, with what the questions ask for. What is missing in one of the tables is NULL.
-- A post that came with different contents counts once, with the first of them in order.
WITH one_geo AS (
  SELECT ind, country, "timestamp",
    row_number() OVER (PARTITION BY ind ORDER BY "timestamp", country) AS place
  FROM geo
), one_user AS (
  SELECT ind, age, date_joined,
    row_number() OVER (PARTITION BY ind ORDER BY date_joined, age) AS place
  FROM "user"
), pins AS (
  -- Numbered after the joins, which then need not share memory with three sorts.
  SELECT pin.ind, category, poster_name, follower_count, country, "timestamp", age, date_joined,
    row_number() OVER (PARTITION BY pin.ind ORDER BY category, follower_count, poster_name) AS place
  FROM pin
  LEFT JOIN one_geo ON one_geo.ind = pin.ind AND one_geo.place = 1
  LEFT JOIN one_user ON one_user.ind = pin.ind AND one_user.place = 1
)
SELECT ind, category, poster_name, follower_count, country,
  CAST(year("timestamp") AS INTEGER) AS year_posted,
  CASE
    WHEN age BETWEEN 18 AND 24 THEN '18-24'
    WHEN age BETWEEN 25 AND 35 THEN '25-35'
    WHEN age BETWEEN 36 AND 50 THEN '36-50'
    WHEN age > 50 THEN '50+'
  END AS age_group,
  CAST(year(date_joined) AS INTEGER) AS year_joined
FROM pins
WHERE place = 1
