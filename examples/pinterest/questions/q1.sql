WITH counted AS (
  SELECT country, category, count(*) AS category_count
  FROM posts
  WHERE country IS NOT NULL AND category IS NOT NULL
  GROUP BY country, category
), ranked AS (
  SELECT *, rank() OVER (PARTITION BY country ORDER BY category_count DESC) AS place FROM counted
)
SELECT country, category, category_count
FROM ranked
WHERE place = 1
ORDER BY country, category
