-- Version 2: what the query killer decided.

-- One row a decision. The text is without literals; `detail` is the decision as
-- the log has it. Rows go after the retention time, the oldest first.
CREATE TABLE IF NOT EXISTS `_underpin_kill` (
  `id`            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `at`            DATETIME(6) NOT NULL COMMENT 'when it was decided, by the clock of the server watched',
  `killer`        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'who ran the killer, user@host',
  `rule`          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `action`        VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `outcome`       VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason`        VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `session`       BIGINT UNSIGNED NOT NULL COMMENT 'the connection as KILL takes it',
  `db_user`       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `host`          VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `db_name`       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `release`       VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `digest`        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `text`          TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `age_us`        BIGINT UNSIGNED NOT NULL,
  `rows_examined` BIGINT UNSIGNED NOT NULL,
  `rows_modified` BIGINT UNSIGNED NOT NULL,
  `rollback_us`   BIGINT UNSIGNED NULL COMMENT 'how long the rollback was estimated to take; NULL is not known',
  `dead_us`       BIGINT UNSIGNED NULL COMMENT 'how long after the kill it was seen to be gone; NULL is not seen',
  `detail`        LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON',
  PRIMARY KEY (`id`),
  KEY `at` (`at`),
  KEY `rule` (`rule`, `at`)
) ENGINE=InnoDB;
