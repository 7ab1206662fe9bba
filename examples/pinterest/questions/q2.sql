WITH counted AS (
  SELECT year_posted AS post_year, category, count(*) AS category_count
  FROM posts
  WHERE year_posted BETWEEN $first_year AND $last_year AND category IS NOT NULL
  GROUP BY year_posted, category
), ranked AS (
  SELECT *, rank() OVER (PARTITION BY post_year ORDER BY category_count DESC) AS place FROM counted
)
SELECT post_year, category, category_count
FROM ranked
WHERE place = 1
ORDER BY post_year, category
