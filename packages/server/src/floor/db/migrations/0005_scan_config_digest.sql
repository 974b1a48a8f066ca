-- The column has the name of what it holds.

alter table images rename column means to scan_config_digest;
