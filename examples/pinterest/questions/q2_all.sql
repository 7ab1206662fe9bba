SELECT year_posted AS post_year, category, count(*) AS category_count
FROM posts
WHERE year_posted BETWEEN $first_year AND $last_year AND category IS NOT NULL
GROUP BY year_posted, category
ORDER BY post_year, category_count DESC, category
