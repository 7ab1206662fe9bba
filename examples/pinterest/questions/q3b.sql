WITH followed AS (
  SELECT country, max(follower_count) AS follower_count
  FROM posts
  WHERE country IS NOT NULL AND poster_name IS NOT NULL AND follower_count IS NOT NULL
  GROUP BY country
), ranked AS (
  SELECT *, rank() OVER (ORDER BY follower_count DESC) AS place FROM followed
)
SELECT country, follower_count
FROM ranked
WHERE place = 1
ORDER BY country
