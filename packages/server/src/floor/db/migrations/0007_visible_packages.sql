-- The number of packages of an image counts those that its list shows: not the hidden ones.
update images set package_count = counted.packages
from (
  select image, count(*) filter (where not hidden)::integer as packages
  from image_packages group by image
) as counted
where counted.image = images.id and images.package_count <> counted.packages;
