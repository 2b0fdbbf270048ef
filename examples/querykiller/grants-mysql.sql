-- What the query killer needs on MySQL, and no more. `underpin init` has made
-- the control tables before, as a user who may.
GRANT PROCESS, CONNECTION_ADMIN ON *.* TO 'underpin_killer'@'%';
GRANT SELECT ON performance_schema.* TO 'underpin_killer'@'%';
GRANT SELECT ON shop._underpin_meta TO 'underpin_killer'@'%';
GRANT SELECT, INSERT, DELETE ON shop._underpin_kill TO 'underpin_killer'@'%';
