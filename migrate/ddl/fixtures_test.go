package ddl_test

import "github.com/underpin-db/underpin/migrate/ddl"

// fixture is a table, a statement on it, and what it costs on either flavour;
// a flavour without a class has other fixtures for it.
type fixture struct {
	name           string
	setup          []string
	sql            string
	mysql, mariadb ddl.Class
	checks         ddl.ForeignKeyChecks
}

// The tables of the fixtures. They differ in what the conditions look at.
var (
	plain      = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NULL, b VARCHAR(20) NULL, c INT NOT NULL DEFAULT 1, KEY ia (a)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"}
	compressed = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NULL, c INT NOT NULL DEFAULT 1) ROW_FORMAT=COMPRESSED"}
	redundant  = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NULL, c INT NOT NULL DEFAULT 1, b VARCHAR(200) CHARACTER SET latin1) ROW_FORMAT=REDUNDANT"}
	fulltext   = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NULL, c INT NOT NULL DEFAULT 1, d TEXT, e TEXT, FULLTEXT f (d))"}
	spatial    = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NULL, c INT NOT NULL DEFAULT 1, g POINT NOT NULL, SPATIAL KEY s (g))"}
	generated  = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, w INT AS (a + 2) VIRTUAL, s INT AS (a + 3) STORED, z INT, KEY (w))"}
	virtuals   = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, s INT AS (a + 3) STORED, z INT, c INT NOT NULL, y INT AS (c + 1) STORED)"}
	storeds    = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, s INT AS (a + 3) STORED, z INT)"}
	crowded    = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, g POINT NOT NULL, SPATIAL KEY (g)) ROW_FORMAT=COMPRESSED"}
	keyless    = []string{"CREATE TABLE t (id INT NOT NULL, a INT)"}
	checked    = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, CONSTRAINT ck CHECK (a > 0))"}
	unenforced = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, CONSTRAINT ck CHECK (a > 0) NOT ENFORCED)"}
	unrelated  = []string{"CREATE TABLE p (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT)"}
	related    = []string{"CREATE TABLE p (id INT NOT NULL PRIMARY KEY)",
		"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (id))"}
	parent = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT)",
		"CREATE TABLE x (id INT NOT NULL PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES t (id))"}
	enums   = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, e ENUM('a','b'), s SET('a','b','c','d','e','f','g','h'))"}
	strings = []string{`CREATE TABLE t (id INT NOT NULL PRIMARY KEY, short VARCHAR(20) CHARACTER SET utf8mb4, middle VARCHAR(40) CHARACTER SET utf8mb4,
		long_ VARCHAR(300) CHARACTER SET utf8mb4, latin VARCHAR(20) CHARACTER SET latin1, three VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci,
		four VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, keyed VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
		keyed3 VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci, bytes VARBINARY(20), KEY (keyed), KEY (keyed3))`}
	ranges = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
		"CREATE TABLE x (id INT NOT NULL PRIMARY KEY, a INT)"}
	hashes = []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT) PARTITION BY HASH (id) PARTITIONS 4"}
)

// fixtures are executed by TestRules; every row that says it was checked on a
// server has to be met by one.
var fixtures = []fixture{
	{"add last", plain, "ALTER TABLE t ADD COLUMN n INT NULL", ddl.Instant, ddl.Instant, ""},
	{"add first", plain, "ALTER TABLE t ADD COLUMN n INT NULL FIRST", ddl.Instant, ddl.Instant, ""},
	{"add after", plain, "ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 5 AFTER a", ddl.Instant, ddl.Instant, ""},
	{"add required", plain, "ALTER TABLE t ADD COLUMN n INT NOT NULL", ddl.Instant, ddl.Instant, ""},
	{"add timestamp", plain, "ALTER TABLE t ADD COLUMN n DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", ddl.Instant, ddl.Instant, ""},
	{"add invisible", plain, "ALTER TABLE t ADD COLUMN n INT NULL INVISIBLE", ddl.Instant, ddl.Instant, ""},
	{"add spatial type", plain, "ALTER TABLE t ADD COLUMN n POINT", ddl.Instant, ddl.Instant, ""},
	{"add uuid", plain, "ALTER TABLE t ADD COLUMN n UUID", "", ddl.Instant, ""},
	{"add checked", plain, "ALTER TABLE t ADD COLUMN n INT CHECK (n > 0)", ddl.Copy, ddl.Instant, ""},
	{"add computed", plain, "ALTER TABLE t ADD COLUMN n INT DEFAULT (abs(2))", ddl.Copy, "", ""},
	{"add computed anew", plain, "ALTER TABLE t ADD COLUMN n VARCHAR(40) DEFAULT (uuid())", "", ddl.Copy, ""},
	{"add auto", keyless, "ALTER TABLE t ADD COLUMN n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"add unique column", plain, "ALTER TABLE t ADD COLUMN n INT UNIQUE", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add stored", plain, "ALTER TABLE t ADD COLUMN n INT AS (a + 1) STORED", ddl.Copy, ddl.Copy, ""},
	{"add persistent", plain, "ALTER TABLE t ADD COLUMN n INT AS (a + 1) PERSISTENT", "", ddl.Copy, ""},
	{"add virtual", plain, "ALTER TABLE t ADD COLUMN n INT AS (a + 1) VIRTUAL AFTER a", ddl.Instant, ddl.Instant, ""},
	{"drop", plain, "ALTER TABLE t DROP COLUMN c", ddl.Instant, ddl.Instant, ""},
	{"drop indexed", plain, "ALTER TABLE t DROP COLUMN a", ddl.InPlaceRebuild, ddl.InPlace, ""},
	{"drop virtual", virtuals, "ALTER TABLE t DROP COLUMN v", ddl.Instant, ddl.Instant, ""},
	{"drop virtual beside indexed", generated, "ALTER TABLE t DROP COLUMN v", ddl.InPlace, ddl.Instant, ""},
	{"drop indexed virtual", generated, "ALTER TABLE t DROP COLUMN w", ddl.InPlace, ddl.InPlace, ""},
	{"drop stored", generated, "ALTER TABLE t DROP COLUMN s", ddl.Instant, ddl.RebuildBlocking, ""},
	{"drop lone stored", virtuals, "ALTER TABLE t DROP COLUMN s", ddl.Instant, ddl.Instant, ""},
	{"add beside virtual", virtuals, "ALTER TABLE t ADD COLUMN n INT", ddl.Instant, ddl.Instant, ""},
	{"add beside indexed virtual", generated, "ALTER TABLE t ADD COLUMN n INT", ddl.Instant, ddl.RebuildBlocking, ""},
	{"add virtual beside indexed virtual", generated, "ALTER TABLE t ADD COLUMN n INT AS (a + 1) VIRTUAL", ddl.Instant, ddl.Instant, ""},
	{"move beside virtual", virtuals, "ALTER TABLE t MODIFY a INT FIRST", ddl.InPlaceRebuild, ddl.Instant, ""},
	{"move over virtual", virtuals, "ALTER TABLE t MODIFY z INT AFTER id", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"move up to virtual", virtuals, "ALTER TABLE t MODIFY z INT AFTER v", ddl.InPlaceRebuild, ddl.Instant, ""},
	{"nullable beside indexed virtual", generated, "ALTER TABLE t MODIFY z INT NOT NULL", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"force beside indexed virtual", generated, "ALTER TABLE t FORCE", ddl.InPlaceRebuild, ddl.RebuildBlocking, ""},
	{"not null below generated", virtuals, "ALTER TABLE t MODIFY a INT NOT NULL", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"not null beside virtual", virtuals, "ALTER TABLE t MODIFY z INT NOT NULL", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"not null beside stored", storeds, "ALTER TABLE t MODIFY z INT NOT NULL", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"not null below stored", storeds, "ALTER TABLE t MODIFY a INT NOT NULL", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"nullable below generated", virtuals, "ALTER TABLE t MODIFY c INT NULL", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add crowded", crowded, "ALTER TABLE t ADD COLUMN n INT", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"add crowded first", crowded, "ALTER TABLE t ADD COLUMN n INT FIRST", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"add crowded after", crowded, "ALTER TABLE t ADD COLUMN n INT AFTER id", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"add crowded required", crowded, "ALTER TABLE t ADD COLUMN n INT NOT NULL", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"drop crowded", crowded, "ALTER TABLE t DROP COLUMN a", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"change indexed virtual", generated, "ALTER TABLE t MODIFY w INT AS (a + 5) VIRTUAL", ddl.Copy, ddl.Copy, ""},
	{"rename column", plain, "ALTER TABLE t RENAME COLUMN a TO z", ddl.Instant, ddl.Instant, ""},
	{"rename by change", plain, "ALTER TABLE t CHANGE a z INT NULL", ddl.Instant, ddl.Instant, ""},
	{"rename referenced", parent, "ALTER TABLE t RENAME COLUMN id TO z", ddl.InPlace, ddl.Instant, ""},
	{"rename child", related, "ALTER TABLE t RENAME COLUMN a TO z", ddl.Instant, ddl.Instant, ""},
	{"set default", plain, "ALTER TABLE t ALTER COLUMN a SET DEFAULT 7", ddl.Instant, ddl.Instant, ""},
	{"drop default", plain, "ALTER TABLE t ALTER COLUMN c DROP DEFAULT", ddl.Instant, ddl.Instant, ""},
	{"modify default", plain, "ALTER TABLE t MODIFY a INT NULL DEFAULT 7", ddl.Instant, ddl.Instant, ""},
	{"display width", plain, "ALTER TABLE t MODIFY a INT(9) NULL", ddl.Instant, ddl.Instant, ""},
	{"widen", strings, "ALTER TABLE t MODIFY short VARCHAR(30) CHARACTER SET utf8mb4", ddl.InPlace, ddl.Instant, ""},
	{"widen long", strings, "ALTER TABLE t MODIFY long_ VARCHAR(600) CHARACTER SET utf8mb4", ddl.InPlace, ddl.Instant, ""},
	{"widen bytes", strings, "ALTER TABLE t MODIFY bytes VARBINARY(30)", ddl.InPlace, ddl.Instant, ""},
	{"widen short over", strings, "ALTER TABLE t MODIFY short VARCHAR(300) CHARACTER SET utf8mb4", ddl.Copy, ddl.Instant, ""},
	{"widen middle over", strings, "ALTER TABLE t MODIFY middle VARCHAR(64) CHARACTER SET utf8mb4", ddl.Copy, ddl.Copy, ""},
	{"widen redundant over", redundant, "ALTER TABLE t MODIFY b VARCHAR(300) CHARACTER SET latin1", ddl.Copy, ddl.Instant, ""},
	{"narrow", strings, "ALTER TABLE t MODIFY short VARCHAR(10) CHARACTER SET utf8mb4", ddl.Copy, ddl.Copy, ""},
	{"change type", plain, "ALTER TABLE t MODIFY a BIGINT NULL", ddl.Copy, ddl.Copy, ""},
	{"set not null", plain, "ALTER TABLE t MODIFY a INT NOT NULL", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"drop not null", plain, "ALTER TABLE t MODIFY c INT NULL DEFAULT 1", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"drop not null redundant", redundant, "ALTER TABLE t MODIFY c INT NULL DEFAULT 1", ddl.InPlaceRebuild, ddl.Instant, ""},
	{"move", plain, "ALTER TABLE t MODIFY c INT NOT NULL DEFAULT 1 AFTER id", ddl.InPlaceRebuild, ddl.Instant, ""},
	{"move to where it is", plain, "ALTER TABLE t MODIFY a INT NULL AFTER id", ddl.Instant, ddl.Instant, ""},
	{"move virtual", generated, "ALTER TABLE t MODIFY v INT AS (a + 1) VIRTUAL AFTER id", ddl.Instant, ddl.Copy, ""},
	{"move stored", generated, "ALTER TABLE t MODIFY s INT AS (a + 3) STORED AFTER id", ddl.InPlaceRebuild, ddl.Copy, ""},
	{"change virtual", generated, "ALTER TABLE t MODIFY v INT AS (a + 5) VIRTUAL", ddl.Copy, ddl.Instant, ""},
	{"change stored", generated, "ALTER TABLE t MODIFY s INT AS (a + 5) STORED", ddl.Copy, ddl.Copy, ""},
	{"stored to plain", generated, "ALTER TABLE t MODIFY s INT", ddl.Copy, ddl.Copy, ""},
	{"append enum", enums, "ALTER TABLE t MODIFY e ENUM('a','b','c')", ddl.Instant, ddl.Instant, ""},
	{"edit enum", enums, "ALTER TABLE t MODIFY e ENUM('b','a')", ddl.Copy, ddl.Copy, ""},
	{"grow set", enums, "ALTER TABLE t MODIFY s SET('a','b','c','d','e','f','g','h','i')", ddl.Copy, ddl.Copy, ""},
	{"comment column", plain, "ALTER TABLE t MODIFY a INT NULL COMMENT 'x'", ddl.Instant, ddl.Instant, ""},
	{"hide column", plain, "ALTER TABLE t MODIFY a INT NULL INVISIBLE", ddl.Instant, ddl.Instant, ""},
	{"set invisible", plain, "ALTER TABLE t ALTER COLUMN a SET INVISIBLE", ddl.Instant, "", ""},
	{"set visible", plain, "ALTER TABLE t ALTER a SET VISIBLE, ALTER c SET INVISIBLE", ddl.Instant, "", ""},
	{"collation", strings, "ALTER TABLE t MODIFY four VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", ddl.InPlace, ddl.Instant, ""},
	{"collation indexed", strings, "ALTER TABLE t MODIFY keyed VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", ddl.Copy, ddl.InPlace, ""},
	{"charset", strings, "ALTER TABLE t MODIFY latin VARCHAR(20) CHARACTER SET utf8mb4", ddl.Copy, ddl.Copy, ""},
	{"charset widened", strings, "ALTER TABLE t MODIFY three VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", ddl.InPlace, ddl.Instant, ""},
	{"make auto", plain, "ALTER TABLE t MODIFY id INT NOT NULL AUTO_INCREMENT", ddl.Copy, ddl.Copy, ""},

	{"add compressed", compressed, "ALTER TABLE t ADD COLUMN n INT", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add compressed first", compressed, "ALTER TABLE t ADD COLUMN n INT FIRST", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add compressed after", compressed, "ALTER TABLE t ADD COLUMN n INT AFTER id", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add compressed required", compressed, "ALTER TABLE t ADD COLUMN n INT NOT NULL", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add compressed checked", compressed, "ALTER TABLE t ADD COLUMN n INT CHECK (n > 0)", "", ddl.InPlaceRebuild, ""},
	{"drop compressed", compressed, "ALTER TABLE t DROP COLUMN a", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"move compressed", compressed, "ALTER TABLE t MODIFY c INT NOT NULL DEFAULT 1 AFTER id", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add redundant", redundant, "ALTER TABLE t ADD COLUMN n INT", ddl.Instant, ddl.Instant, ""},
	{"add fulltext'd", fulltext, "ALTER TABLE t ADD COLUMN n INT", ddl.Copy, ddl.RebuildBlocking, ""},
	{"add fulltext'd first", fulltext, "ALTER TABLE t ADD COLUMN n INT FIRST", ddl.Copy, ddl.RebuildBlocking, ""},
	{"add fulltext'd after", fulltext, "ALTER TABLE t ADD COLUMN n INT AFTER id", ddl.Copy, ddl.RebuildBlocking, ""},
	{"add fulltext'd required", fulltext, "ALTER TABLE t ADD COLUMN n INT NOT NULL", ddl.Copy, ddl.RebuildBlocking, ""},
	{"add fulltext'd checked", fulltext, "ALTER TABLE t ADD COLUMN n INT CHECK (n > 0)", "", ddl.RebuildBlocking, ""},
	{"drop fulltext'd", fulltext, "ALTER TABLE t DROP COLUMN a", ddl.Copy, ddl.RebuildBlocking, ""},
	{"drop the fulltext'd", fulltext, "ALTER TABLE t DROP COLUMN d", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"nullable fulltext'd", fulltext, "ALTER TABLE t MODIFY c INT NULL DEFAULT 1", ddl.Copy, ddl.RebuildBlocking, ""},
	{"not null fulltext'd", fulltext, "ALTER TABLE t MODIFY a INT NOT NULL", ddl.Copy, ddl.RebuildBlocking, ""},
	{"move fulltext'd", fulltext, "ALTER TABLE t MODIFY a INT NULL FIRST", ddl.Copy, ddl.RebuildBlocking, ""},
	{"force fulltext'd", fulltext, "ALTER TABLE t FORCE", ddl.Copy, ddl.RebuildBlocking, ""},
	{"row format fulltext'd", fulltext, "ALTER TABLE t ROW_FORMAT=COMPACT", ddl.Copy, ddl.RebuildBlocking, ""},
	{"block size fulltext'd", fulltext, "ALTER TABLE t KEY_BLOCK_SIZE=8", ddl.Copy, ddl.RebuildBlocking, ""},
	{"key fulltext'd", fulltext, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, c)", ddl.Copy, ddl.RebuildBlocking, ""},
	{"nullable spatial", spatial, "ALTER TABLE t MODIFY c INT NULL DEFAULT 1", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"not null spatial", spatial, "ALTER TABLE t MODIFY a INT NOT NULL", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"move spatial", spatial, "ALTER TABLE t MODIFY c INT NOT NULL DEFAULT 1 FIRST", ddl.RebuildBlocking, ddl.Instant, ""},
	{"force spatial", spatial, "ALTER TABLE t FORCE", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"row format spatial", spatial, "ALTER TABLE t ROW_FORMAT=COMPACT", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"block size spatial", spatial, "ALTER TABLE t KEY_BLOCK_SIZE=8", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"change key spatial", spatial, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, c)", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"add spatial'd", spatial, "ALTER TABLE t ADD COLUMN n INT", ddl.Instant, ddl.Instant, ""},

	{"add index", plain, "ALTER TABLE t ADD INDEX n (c)", ddl.InPlace, ddl.InPlace, ""},
	{"create index", plain, "CREATE INDEX n ON t (c)", ddl.InPlace, ddl.InPlace, ""},
	{"create unique index", plain, "CREATE UNIQUE INDEX n ON t (c)", ddl.InPlace, ddl.InPlace, ""},
	{"drop index", plain, "ALTER TABLE t DROP INDEX ia", ddl.InPlace, ddl.InPlace, ""},
	{"drop index on", plain, "DROP INDEX ia ON t", ddl.InPlace, ddl.InPlace, ""},
	{"rename index", plain, "ALTER TABLE t RENAME INDEX ia TO z", ddl.InPlace, ddl.Instant, ""},
	{"hide index", plain, "ALTER TABLE t ALTER INDEX ia INVISIBLE", ddl.InPlace, "", ""},
	{"heed index", []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, KEY ia (a) IGNORED)"}, "ALTER TABLE t ALTER INDEX ia NOT IGNORED", "", ddl.Instant, ""},
	{"ignore index", plain, "ALTER TABLE t ALTER INDEX ia IGNORED", "", ddl.Instant, ""},
	{"index expression", plain, "ALTER TABLE t ADD INDEX n ((a + 1))", ddl.InPlaceBlocking, "", ""},
	{"first fulltext", plain, "ALTER TABLE t ADD FULLTEXT INDEX n (b)", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"second fulltext", fulltext, "CREATE FULLTEXT INDEX n ON t (e)", ddl.InPlaceBlocking, ddl.InPlaceBlocking, ""},
	{"add spatial", []string{"CREATE TABLE t (id INT PRIMARY KEY, g POINT NOT NULL)"}, "ALTER TABLE t ADD SPATIAL INDEX n (g)", ddl.InPlaceBlocking, ddl.InPlaceBlocking, ""},
	{"drop fulltext", fulltext, "ALTER TABLE t DROP INDEX f", ddl.InPlace, ddl.InPlace, ""},
	{"add key", keyless, "ALTER TABLE t ADD PRIMARY KEY (id)", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add key fulltext'd", []string{"CREATE TABLE t (id INT NOT NULL, d TEXT, FULLTEXT (d))"}, "ALTER TABLE t ADD PRIMARY KEY (id)", ddl.Copy, ddl.RebuildBlocking, ""},
	{"add key spatial", []string{"CREATE TABLE t (id INT NOT NULL, g POINT NOT NULL, SPATIAL KEY (g))"}, "ALTER TABLE t ADD PRIMARY KEY (id)", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"drop key", plain, "ALTER TABLE t DROP PRIMARY KEY", ddl.Copy, ddl.Copy, ""},
	{"change key", plain, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, c)", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"add foreign key", unrelated, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (id)", ddl.Copy, ddl.Copy, ""},
	{"add foreign key unchecked", unrelated, "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (id)", ddl.InPlace, ddl.InPlace, ddl.ChecksOff},
	{"drop foreign key", related, "ALTER TABLE t DROP FOREIGN KEY fk", ddl.InPlace, ddl.Instant, ""},
	{"drop foreign constraint", related, "ALTER TABLE t DROP CONSTRAINT fk", ddl.InPlace, ddl.Instant, ""},
	{"add check", plain, "ALTER TABLE t ADD CONSTRAINT ck CHECK (c > 0)", ddl.Copy, ddl.Copy, ""},
	{"add unenforced check", plain, "ALTER TABLE t ADD CONSTRAINT ck CHECK (c > 0) NOT ENFORCED", ddl.Instant, "", ""},
	{"drop check", checked, "ALTER TABLE t DROP CONSTRAINT ck", ddl.Instant, ddl.Instant, ""},
	{"relax check", checked, "ALTER TABLE t ALTER CHECK ck NOT ENFORCED", ddl.Instant, "", ""},
	{"enforce check", unenforced, "ALTER TABLE t ALTER CHECK ck ENFORCED", ddl.Copy, "", ""},

	{"convert", []string{"CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(20)) CHARACTER SET latin1"}, "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", ddl.Copy, ddl.Copy, ""},
	{"convert widening", []string{"CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(20)) CHARACTER SET utf8mb3"}, "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", ddl.InPlace, ddl.Instant, ""},
	{"convert over", []string{"CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(70)) CHARACTER SET utf8mb3"}, "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", ddl.Copy, ddl.Copy, ""},
	{"widen indexed charset", strings, "ALTER TABLE t MODIFY keyed3 VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", ddl.Copy, ddl.Instant, ""},
	{"default charset", plain, "ALTER TABLE t DEFAULT CHARACTER SET latin1", ddl.InPlace, ddl.Instant, ""},
	{"row format", plain, "ALTER TABLE t ROW_FORMAT=COMPACT", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"block size", plain, "ALTER TABLE t ROW_FORMAT=COMPRESSED, KEY_BLOCK_SIZE=8", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"rename table", plain, "ALTER TABLE t RENAME TO x", ddl.Instant, ddl.Metadata, ""},
	{"same engine", plain, "ALTER TABLE t ENGINE=InnoDB", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"other engine", plain, "ALTER TABLE t ENGINE=MyISAM", ddl.Copy, ddl.Copy, ""},
	{"comment", plain, "ALTER TABLE t COMMENT='100%new %s'", ddl.InPlace, ddl.Instant, ""},
	{"auto value", []string{"CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)"}, "ALTER TABLE t AUTO_INCREMENT=100", ddl.InPlace, ddl.Instant, ""},
	{"statistics", plain, "ALTER TABLE t STATS_PERSISTENT=1", ddl.InPlace, ddl.Instant, ""},
	{"tablespace", plain, "ALTER TABLE t TABLESPACE innodb_file_per_table", ddl.InPlaceRebuild, "", ""},
	{"sort", plain, "ALTER TABLE t ORDER BY a", ddl.Copy, ddl.Copy, ""},

	{"add partition", ranges, "ALTER TABLE t ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", ddl.InPlace, ddl.Metadata, ""},
	{"add hash partition", hashes, "ALTER TABLE t ADD PARTITION PARTITIONS 2", ddl.RebuildBlocking, ddl.Exclusive, ""},
	{"drop partition", ranges, "ALTER TABLE t DROP PARTITION p0", ddl.InPlace, ddl.Metadata, ""},
	{"truncate partition", ranges, "ALTER TABLE t TRUNCATE PARTITION p0", ddl.Metadata, ddl.Metadata, ""},
	{"reorganize partition", ranges, "ALTER TABLE t REORGANIZE PARTITION p0, p1 INTO (PARTITION p VALUES LESS THAN (20))", ddl.RebuildBlocking, ddl.Exclusive, ""},
	{"coalesce partition", hashes, "ALTER TABLE t COALESCE PARTITION 2", ddl.RebuildBlocking, ddl.Exclusive, ""},
	{"rebuild partition", ranges, "ALTER TABLE t REBUILD PARTITION p0", ddl.RebuildBlocking, ddl.Exclusive, ""},
	{"exchange partition", ranges, "ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE x", ddl.Metadata, ddl.Metadata, ""},
	{"partition", plain, "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 2", ddl.Copy, ddl.Copy, ""},
	{"unpartition", hashes, "ALTER TABLE t REMOVE PARTITIONING", ddl.Copy, ddl.Copy, ""},
	{"add partitioned", hashes, "ALTER TABLE t ADD COLUMN n INT", ddl.Instant, ddl.Instant, ""},

	{"create table", nil, "CREATE TABLE t (id INT PRIMARY KEY)", ddl.Metadata, ddl.Metadata, ""},
	{"drop table", plain, "DROP TABLE t", ddl.Metadata, ddl.Metadata, ""},
	{"rename tables", plain, "RENAME TABLE t TO x", ddl.Metadata, ddl.Metadata, ""},
	{"truncate", plain, "TRUNCATE TABLE t", ddl.Metadata, ddl.Metadata, ""},
	{"create view", plain, "CREATE OR REPLACE VIEW v AS SELECT id FROM t", ddl.Metadata, ddl.Metadata, ""},
	{"drop view", []string{"CREATE VIEW v AS SELECT 1"}, "DROP VIEW v", ddl.Metadata, ddl.Metadata, ""},

	// Statements of several parts.
	{"column and index", plain, "ALTER TABLE t ADD COLUMN n INT, ADD INDEX z (c)", ddl.InPlaceRebuild, ddl.InPlaceRebuild, ""},
	{"column and rename", plain, "ALTER TABLE t RENAME COLUMN b TO z, ADD COLUMN n INT", ddl.Instant, ddl.Instant, ""},
	{"column and comment", plain, "ALTER TABLE t COMMENT='x', ADD COLUMN n INT", ddl.InPlaceRebuild, ddl.Instant, ""},
	{"virtual and column", plain, "ALTER TABLE t ADD COLUMN n INT AS (a + 1) VIRTUAL, ADD COLUMN m INT", ddl.Instant, ddl.Copy, ""},
	{"widen and index", plain, "ALTER TABLE t MODIFY b VARCHAR(30), ADD INDEX z (b)", ddl.InPlace, ddl.InPlace, ""},
	{"auto and key", plain, "ALTER TABLE t DROP PRIMARY KEY, ADD COLUMN n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
	{"column and fulltext", plain, "ALTER TABLE t ADD COLUMN n INT, ADD FULLTEXT z (b)", ddl.RebuildBlocking, ddl.RebuildBlocking, ""},
}
