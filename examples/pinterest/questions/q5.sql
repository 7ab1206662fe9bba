WITH counted AS (
  SELECT age_group, follower_count, count(*) AS posts
  FROM posts
  WHERE age_group IS NOT NULL AND follower_count IS NOT NULL
  GROUP BY age_group, follower_count
), placed AS (
  SELECT *,
    -- The median is the value with as many below as above it, or the mean of two.
    sum(posts) OVER (PARTITION BY age_group ORDER BY follower_count) AS up_to,
    sum(posts) OVER (PARTITION BY age_group) AS of_all
  FROM counted
)
SELECT age_group, avg(CAST(follower_count AS DOUBLE)) AS median_follower_count
FROM placed
WHERE 2 * up_to >= of_all AND 2 * (up_to - posts) <= of_all
GROUP BY age_group
ORDER BY age_group
