-- The control tables of Underpin, version 1. Statements end with a semicolon at
-- the end of a line. Every statement can be run again.

-- One row a change. It is the fence: every write of the application's library
-- takes a shared lock on it, every transition updates it. Nothing else may
-- write to it, or writers would wait for bookkeeping.
CREATE TABLE IF NOT EXISTS `_underpin_change` (
  `name`         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `service`      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  `phase`        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `mode`         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `epoch`        BIGINT UNSIGNED NOT NULL,
  `ramp`         SMALLINT UNSIGNED NOT NULL COMMENT 'share of reads on the target, in basis points',
  `rule`         VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'when a pair is in step: exact, either',
  `target_stale` TINYINT UNSIGNED NOT NULL,
  `plan_hash`    CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'empty until a plan is recorded',
  `spec`         LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'the plan as JSON',
  `since`        DATETIME(6) NOT NULL COMMENT 'when the phase and ramp were entered',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB;

-- Who drives a change, and whether it is paused. Kept apart from the fence row,
-- because heartbeats must not stop writers.
CREATE TABLE IF NOT EXISTS `_underpin_controller` (
  `change`      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `owner`       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  `token`       BIGINT UNSIGNED NOT NULL COMMENT 'raised by every take-over; fences a controller that was thought dead',
  `lease_until` DATETIME(6) NOT NULL,
  `paused`      TINYINT UNSIGNED NOT NULL DEFAULT 0,
  `paused_why`  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  PRIMARY KEY (`change`)
) ENGINE=InnoDB;

-- What has been done of a plan: a row is written after the effect.
CREATE TABLE IF NOT EXISTS `_underpin_step` (
  `change`  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `step`    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `run`     BIGINT UNSIGNED NOT NULL COMMENT 'the epoch of the visit to the phase in which it was done',
  `detail`  LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON',
  `done_at` DATETIME(6) NOT NULL,
  PRIMARY KEY (`change`, `step`, `run`)
) ENGINE=InnoDB;

-- The running processes of the application.
CREATE TABLE IF NOT EXISTS `_underpin_instance` (
  `id`          CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `service`     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `release`     VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `host`        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'as the process names its machine',
  `pid`         BIGINT UNSIGNED NOT NULL,
  `db_user`     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'USER() as the server sees it, without the port',
  `tagged`      TINYINT UNSIGNED NOT NULL COMMENT '1 if its connections carry the instance as an attribute',
  `started_at`  DATETIME(6) NOT NULL,
  `lease_until` DATETIME(6) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `lease` (`lease_until`)
) ENGINE=InnoDB;

-- What each instance declares for each change, and how far it has come.
CREATE TABLE IF NOT EXISTS `_underpin_support` (
  `instance`      CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `change`        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `writes`        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'source or target',
  `modes`         VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'comma-separated',
  `applied_epoch` BIGINT UNSIGNED NOT NULL COMMENT 'no read begun under an older epoch is left',
  `shadow_epoch`  BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'the epoch the two counters belong to',
  `shadow_reads`  BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `shadow_diffs`  BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `shadow_sample` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'the key of a differing read',
  PRIMARY KEY (`instance`, `change`),
  KEY `change` (`change`)
) ENGINE=InnoDB;

-- What each release was last seen to declare, so that a release can be judged
-- while none of its instances runs.
CREATE TABLE IF NOT EXISTS `_underpin_release` (
  `service`   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `release`   VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `change`    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `writes`    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `modes`     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `last_seen` DATETIME(6) NOT NULL,
  PRIMARY KEY (`service`, `release`, `change`)
) ENGINE=InnoDB;

-- An operator's recorded word that connections which the server cannot tell
-- apart are not the application's, or use the library.
CREATE TABLE IF NOT EXISTS `_underpin_vouch` (
  `id`      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `change`  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `db_user` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'user@host, with % as wildcard',
  `who`     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `why`     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `until`   DATETIME(6) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `change` (`change`)
) ENGINE=InnoDB;

-- The work of a backfill, of a reverse reconcile and of a verification.
CREATE TABLE IF NOT EXISTS `_underpin_span` (
  `change`      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `job`         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'backfill, reverse, verify',
  `run`         BIGINT UNSIGNED NOT NULL COMMENT 'spans of another run are leftovers and mean nothing',
  `n`           INT UNSIGNED NOT NULL,
  `low`         BLOB NULL COMMENT 'exclusive; NULL is the beginning',
  `high`        BLOB NULL COMMENT 'inclusive; NULL is the end',
  `at`          BLOB NULL COMMENT 'the last key done; NULL is none',
  `state`       VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'open, done',
  `owner`       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  `token`       BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'raised by every take-over; fences a worker that was thought dead',
  `lease_until` DATETIME(6) NOT NULL,
  `rows_seen`   BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `rows_changed` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `rows_differ` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  `updated_at`  DATETIME(6) NOT NULL,
  PRIMARY KEY (`change`, `job`, `run`, `n`)
) ENGINE=InnoDB;

-- Rows that do not fit the other shape, with the reason.
CREATE TABLE IF NOT EXISTS `_underpin_quarantine` (
  `change`  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `job`     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `run`     BIGINT UNSIGNED NOT NULL,
  `key_hash` CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 of the encoded key',
  `row_key` BLOB NOT NULL,
  `reason`  VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `at`      DATETIME(6) NOT NULL,
  PRIMARY KEY (`change`, `job`, `run`, `key_hash`)
) ENGINE=InnoDB;

-- What was decided and done, in order. Rows are added, never changed; each
-- carries the hash of the one before.
CREATE TABLE IF NOT EXISTS `_underpin_audit` (
  `id`     BIGINT UNSIGNED NOT NULL,
  `at`     DATETIME(6) NOT NULL,
  `actor`  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `change` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `action` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `detail` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON',
  `prev`   CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `hash`   CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
