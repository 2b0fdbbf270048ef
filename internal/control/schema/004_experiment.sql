-- Version 4: experiments.

-- One row an experiment. It runs while `stopped_at` is NULL and is never started
-- again. Every change raises `version`.
CREATE TABLE IF NOT EXISTS `_underpin_experiment` (
  `id`         INT UNSIGNED NOT NULL AUTO_INCREMENT,
  `name`       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `flag`       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `version`    BIGINT UNSIGNED NOT NULL,
  `generation` INT UNSIGNED NOT NULL COMMENT 'raised by a change of the weights',
  `spec`       LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON',
  `started_at` DATETIME(6) NOT NULL,
  `stopped_at` DATETIME(6) NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB;

-- The first exposure of each unit, which fixes its branch for ever. Rows are
-- added; of what is there only `crossed` changes.
CREATE TABLE IF NOT EXISTS `_underpin_assignment` (
  `experiment` INT UNSIGNED NOT NULL,
  `unit`       VARBINARY(255) NOT NULL COMMENT 'compared byte by byte',
  `branch`     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `generation` INT UNSIGNED NOT NULL COMMENT 'of the weights that it was drawn under',
  `segments`   VARCHAR(4096) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '{}' COMMENT 'JSON object, as of the first exposure',
  `crossed`    TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '1 if the unit was also shown another branch',
  `at`         DATETIME(6) NOT NULL,
  PRIMARY KEY (`experiment`, `unit`)
) ENGINE=InnoDB;

-- What units did. An event belongs to no experiment: it counts in each one that
-- has the metric and the unit, before the unit's first exposure as the covariate.
-- `event` is drawn by the process that saw it, so that a repeated statement does
-- not count it twice.
CREATE TABLE IF NOT EXISTS `_underpin_event` (
  `metric` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `unit`   VARBINARY(255) NOT NULL,
  `event`  BINARY(16) NOT NULL,
  `value`  DOUBLE NOT NULL,
  `at`     DATETIME(6) NOT NULL,
  PRIMARY KEY (`metric`, `unit`, `event`),
  KEY `at` (`at`)
) ENGINE=InnoDB;
