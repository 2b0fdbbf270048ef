-- Version 3: feature flags.

-- One row a flag. A removed flag keeps its row without a spec, so that copies
-- that ask for what has changed learn that it is gone.
CREATE TABLE IF NOT EXISTS `_underpin_flag` (
  `name`    VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `version` BIGINT UNSIGNED NOT NULL COMMENT 'that of the head when the flag was last changed',
  `spec`    LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'the flag as JSON; NULL once it is removed',
  PRIMARY KEY (`name`),
  KEY `version` (`version`)
) ENGINE=InnoDB;

-- One row. Every change of a flag locks it first and raises it, so versions
-- become visible in their order; it is what thousands of copies poll.
CREATE TABLE IF NOT EXISTS `_underpin_flag_head` (
  `id`      TINYINT UNSIGNED NOT NULL,
  `version` BIGINT UNSIGNED NOT NULL,
  `token`   CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'names this very change: a server that lost it cannot have it',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

INSERT IGNORE INTO `_underpin_flag_head` (`id`, `version`, `token`)
VALUES (1, 0, '');

-- One row a change: which flag, which entry of the audit, and the token by which
-- a copy finds out whether this server knows the change it stands at.
CREATE TABLE IF NOT EXISTS `_underpin_flag_change` (
  `version` BIGINT UNSIGNED NOT NULL,
  `token`   CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name`    VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `audit`   BIGINT UNSIGNED NOT NULL COMMENT 'the id in _underpin_audit',
  PRIMARY KEY (`version`),
  KEY `name` (`name`, `version`)
) ENGINE=InnoDB;

-- When a flag was last evaluated by anybody, to the day. Kept apart, because
-- applications write it and must not be able to write flags.
CREATE TABLE IF NOT EXISTS `_underpin_flag_use` (
  `name` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `day`  DATE NOT NULL COMMENT 'UTC',
  PRIMARY KEY (`name`)
) ENGINE=InnoDB;
