SELECT
  index AS ind,
  unique_id,
  CASE WHEN title IN ('No Title Data Available', '') THEN NULL ELSE title END AS title,
  CASE
    WHEN description IN ('No description available Story format', 'No description available', '') THEN NULL
    ELSE description
  END AS description,
  CASE
    WHEN follower_count LIKE '%k' THEN TRY_CAST(substr(follower_count, 1, length(follower_count) - 1) AS INTEGER) * 1000
    WHEN follower_count LIKE '%M' THEN TRY_CAST(substr(follower_count, 1, length(follower_count) - 1) AS INTEGER) * 1000000
    ELSE TRY_CAST(follower_count AS INTEGER)
  END AS follower_count,
  CASE WHEN poster_name IN ('User Info Error', '') THEN NULL ELSE poster_name END AS poster_name,
  CASE WHEN tag_list IN ('N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e', '') THEN NULL ELSE tag_list END AS tag_list,
  is_image_or_video,
  CASE WHEN image_src IN ('Image src error.', '') THEN NULL ELSE image_src END AS image_src,
  replace(save_location, 'Local save in ', '') AS save_location,
  category
FROM raw
