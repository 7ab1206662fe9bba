WITH users AS (
  SELECT DISTINCT user_name, age, date_joined FROM "user"
)
SELECT CAST(year(date_joined) AS INTEGER) AS post_year, count(*) AS number_users_joined
FROM users
WHERE year(date_joined) BETWEEN $first_year AND $last_year
GROUP BY year(date_joined)
ORDER BY post_year
