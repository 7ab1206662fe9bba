WITH counted AS (
  SELECT age_group, category, count(*) AS category_count
  FROM posts
  WHERE age_group IS NOT NULL AND category IS NOT NULL
  GROUP BY age_group, category
), ranked AS (
  SELECT *, rank() OVER (PARTITION BY age_group ORDER BY category_count DESC) AS place FROM counted
)
SELECT age_group, category, category_count
FROM ranked
WHERE place = 1
ORDER BY age_group, category
