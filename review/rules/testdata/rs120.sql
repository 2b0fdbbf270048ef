ALTER TABLE items ALTER CHECK dear ENFORCED; -- want RS120

-- Silent: the other way round.
ALTER TABLE items ALTER CHECK dear NOT ENFORCED;
ALTER TABLE items DROP CHECK dear;
-- @case MariaDB has no such statement
-- @server mariadb 10.11.6
ALTER TABLE items ALTER CHECK dear ENFORCED;
