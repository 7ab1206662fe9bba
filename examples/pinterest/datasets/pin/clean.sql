WITH counted AS (
  SELECT *, lower(trim(follower_count)) AS followers FROM raw
)
SELECT
  index AS ind,
  nullif(unique_id, '') AS unique_id,
  CASE WHEN title IN ('No Title Data Available', '') THEN NULL ELSE title END AS title,
  CASE
    WHEN description IN ('No description available Story format', 'No description available', '') THEN NULL
    ELSE description
  END AS description,
  -- What is no count (User Info Error, -5, 1,5k) and what no integer can hold (3B) is NULL.
  CASE
    WHEN followers LIKE '%k'
      THEN TRY_CAST(TRY_CAST(regexp_extract(followers, '^([0-9]+([.][0-9]+)?) *k$', 1) AS DOUBLE) * 1000 AS INTEGER)
    WHEN followers LIKE '%m'
      THEN TRY_CAST(TRY_CAST(regexp_extract(followers, '^([0-9]+([.][0-9]+)?) *m$', 1) AS DOUBLE) * 1000000 AS INTEGER)
    WHEN followers LIKE '%b'
      THEN TRY_CAST(TRY_CAST(regexp_extract(followers, '^([0-9]+([.][0-9]+)?) *b$', 1) AS DOUBLE) * 1000000000 AS INTEGER)
    ELSE TRY_CAST(replace(regexp_extract(followers, '^([0-9]+|[0-9]{1,3}(,[0-9]{3})+)$'), ',', '') AS INTEGER)
  END AS follower_count,
  CASE WHEN poster_name IN ('User Info Error', '') THEN NULL ELSE poster_name END AS poster_name,
  CASE WHEN tag_list IN ('N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e', '') THEN NULL ELSE tag_list END AS tag_list,
  nullif(is_image_or_video, '') AS is_image_or_video,
  CASE WHEN image_src IN ('Image src error.', '') THEN NULL ELSE image_src END AS image_src,
  nullif(CASE WHEN save_location LIKE 'Local save in %' THEN substr(save_location, 15) ELSE save_location END, '') AS save_location,
  nullif(category, '') AS category
FROM counted
