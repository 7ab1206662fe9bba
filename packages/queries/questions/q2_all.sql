-- title: How many posts each category had each year
-- parameter first_year: 2018
-- parameter last_year: 2022
-- chart: lines x=post_year y=category_count series=category
SELECT year_posted AS post_year, category, count(*) AS category_count
FROM posts
WHERE year_posted BETWEEN $first_year AND $last_year AND category IS NOT NULL
GROUP BY year_posted, category
ORDER BY post_year, category_count DESC, category
