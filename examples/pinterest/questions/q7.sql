WITH counted AS (
  SELECT year_joined AS post_year, follower_count, count(*) AS posts
  FROM posts
  WHERE year_joined BETWEEN $first_year AND $last_year AND follower_count IS NOT NULL
  GROUP BY year_joined, follower_count
), placed AS (
  SELECT *,
    -- The median is the value with as many below as above it, or the mean of two.
    sum(posts) OVER (PARTITION BY post_year ORDER BY follower_count) AS up_to,
    sum(posts) OVER (PARTITION BY post_year) AS of_all
  FROM counted
)
SELECT post_year, avg(CAST(follower_count AS DOUBLE)) AS median_follower_count
FROM placed
WHERE 2 * up_to >= of_all AND 2 * (up_to - posts) <= of_all
GROUP BY post_year
ORDER BY post_year
