-- table change: boundary backward, one key
/* underpin walk split */ 
SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
ORDER BY `accounts`.`tenant`, `accounts`.`code`
LIMIT 1 OFFSET 99;
-- [1 k1]

-- table change: boundary backward, range
/* underpin walk split */ 
SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
ORDER BY `accounts`.`tenant`, `accounts`.`code`
LIMIT 1 OFFSET 99;
-- [1 1 1 k1 9 9 9 k9]

-- table change: boundary forward, one key
/* underpin walk split */ 
SELECT `users`.`tenant`, `users`.`code`
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
ORDER BY `users`.`tenant`, `users`.`code`
LIMIT 1 OFFSET 99;
-- [1 k1]

-- table change: boundary forward, range
/* underpin walk split */ 
SELECT `users`.`tenant`, `users`.`code`
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
ORDER BY `users`.`tenant`, `users`.`code`
LIMIT 1 OFFSET 99;
-- [1 1 1 k1 9 9 9 k9]

-- table change: compare either, one key
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS compared, SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS missing, -SUM(`accounts`.`tenant` IS NOT NULL) AS extra,
  SUM(`accounts`.`tenant` IS NOT NULL AND NOT (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY))))) AS different,
  SUM(`accounts`.`tenant` IS NOT NULL AND (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)))) AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY)))) AS finer
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
UNION ALL
SELECT COUNT(*), 0, COUNT(*), 0, 0
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
) AS counts;
-- [1 k1 1 k1]

-- table change: compare either, range
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS compared, SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS missing, -SUM(`accounts`.`tenant` IS NOT NULL) AS extra,
  SUM(`accounts`.`tenant` IS NOT NULL AND NOT (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY))))) AS different,
  SUM(`accounts`.`tenant` IS NOT NULL AND (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)))) AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY)))) AS finer
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
UNION ALL
SELECT COUNT(*), 0, COUNT(*), 0, 0
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
) AS counts;
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]

-- table change: compare exact, one key
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS compared, SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS missing, -SUM(`accounts`.`tenant` IS NOT NULL) AS extra,
  SUM(`accounts`.`tenant` IS NOT NULL AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY)))) AS different,
  SUM(`accounts`.`tenant` IS NOT NULL AND FALSE) AS finer
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
UNION ALL
SELECT COUNT(*), 0, COUNT(*), 0, 0
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
) AS counts;
-- [1 k1 1 k1]

-- table change: compare exact, range
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS compared, SUM(NOT (`accounts`.`tenant` IS NOT NULL)) AS missing, -SUM(`accounts`.`tenant` IS NOT NULL) AS extra,
  SUM(`accounts`.`tenant` IS NOT NULL AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY)))) AS different,
  SUM(`accounts`.`tenant` IS NOT NULL AND FALSE) AS finer
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
UNION ALL
SELECT COUNT(*), 0, COUNT(*), 0, 0
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
) AS counts;
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]

-- table change: differing either, one key
/* underpin verify split */ 
(SELECT `users`.`tenant`, `users`.`code`
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (`accounts`.`tenant` IS NOT NULL AND (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)))))
LIMIT 10)
UNION ALL
(SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
LEFT JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0)
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND `users`.`tenant` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 k1 1 k1]

-- table change: differing either, range
/* underpin verify split */ 
(SELECT `users`.`tenant`, `users`.`code`
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (`accounts`.`tenant` IS NOT NULL AND (((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)))
    AND ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)))))
LIMIT 10)
UNION ALL
(SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
LEFT JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0)
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND `users`.`tenant` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]

-- table change: differing exact, one key
/* underpin verify split */ 
(SELECT `users`.`tenant`, `users`.`code`
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (`accounts`.`tenant` IS NOT NULL AND ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))))
LIMIT 10)
UNION ALL
(SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
LEFT JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0)
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND `users`.`tenant` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 k1 1 k1]

-- table change: differing exact, range
/* underpin verify split */ 
(SELECT `users`.`tenant`, `users`.`code`
FROM `users`
LEFT JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (`accounts`.`tenant` IS NOT NULL AND ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    AND (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))))
LIMIT 10)
UNION ALL
(SELECT `accounts`.`tenant`, `accounts`.`code`
FROM `accounts`
LEFT JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0)
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND `users`.`tenant` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]

-- table change: fill backward, one key
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?));
-- [1 k1]

-- table change: fill backward, range
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)));
-- [1 1 1 k1 9 9 9 k9]

-- table change: fill forward, one key
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0);
-- [1 k1]

-- table change: fill forward, range
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0);
-- [1 1 1 k1 9 9 9 k9]

-- table change: follower any backward, one key
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
LIMIT 1;
-- [1 k1]

-- table change: follower any backward, range
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
LIMIT 1;
-- [1 1 1 k1 9 9 9 k9]

-- table change: follower any forward, one key
/* underpin copy split */ 
SELECT 1
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
LIMIT 1;
-- [1 k1]

-- table change: follower any forward, range
/* underpin copy split */ 
SELECT 1
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
LIMIT 1;
-- [1 1 1 k1 9 9 9 k9]

-- table change: lock and fill backward, one key
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
FOR UPDATE;
-- [1 k1]

-- table change: lock and fill backward, range
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
FOR UPDATE;
-- [1 1 1 k1 9 9 9 k9]

-- table change: lock backward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
FOR UPDATE;
-- [1 k1]

-- table change: lock backward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
FOR UPDATE;
-- [1 1 1 k1 9 9 9 k9]

-- table change: lock forward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
FOR UPDATE;
-- [1 k1]

-- table change: lock forward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
FOR UPDATE;
-- [1 1 1 k1 9 9 9 k9]

-- table change: reconcile backward either, one key
/* underpin mirror split */ 
DELETE FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`code` = `accounts`.`code`,
    `users`.`n` = `accounts`.`n`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)));
-- [1 k1 1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`name` = LOWER(`accounts`.`label`)
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)));
-- [1 k1 1 k1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]

-- table change: reconcile backward either, range
/* underpin mirror split */ 
DELETE FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`code` = `accounts`.`code`,
    `users`.`n` = `accounts`.`n`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`name` = LOWER(`accounts`.`label`)
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]

-- table change: reconcile backward exact, one key
/* underpin mirror split */ 
DELETE FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`code` = `accounts`.`code`,
    `users`.`n` = `accounts`.`n`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED));
-- [1 k1 1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`name` = LOWER(`accounts`.`label`)
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY));
-- [1 k1 1 k1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]

-- table change: reconcile backward exact, range
/* underpin mirror split */ 
DELETE FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`code` = `accounts`.`code`,
    `users`.`n` = `accounts`.`n`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `users`.`name` = LOWER(`accounts`.`label`)
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `users`
  (`tenant`, `code`, `name`, `n`)
SELECT `accounts`.`tenant`, `accounts`.`code`, LOWER(`accounts`.`label`), `accounts`.`n`
FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]

-- table change: reconcile forward either, one key
/* underpin mirror split */ 
DELETE FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0));
-- [1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
STRAIGHT_JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`code` = `users`.`code`,
    `accounts`.`n` = `users`.`n`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)));
-- [1 k1 1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
STRAIGHT_JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`label` = UPPER(`users`.`name`)
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)));
-- [1 k1 1 k1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]

-- table change: reconcile forward either, range
/* underpin mirror split */ 
DELETE FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0));
-- [1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`code` = `users`.`code`,
    `accounts`.`n` = `users`.`n`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED))
    OR (CAST(`users`.`code` AS BINARY) <=> CAST(CONVERT(`accounts`.`code` USING utf8mb4) AS BINARY)
    AND `users`.`n` <=> CAST(`accounts`.`n` AS SIGNED)));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`label` = UPPER(`users`.`name`)
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT ((CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY))
    OR (CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(LOWER(`accounts`.`label`) USING utf8mb4) AS BINARY)));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]

-- table change: reconcile forward exact, one key
/* underpin mirror split */ 
DELETE FROM `accounts`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0));
-- [1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
STRAIGHT_JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`code` = `users`.`code`,
    `accounts`.`n` = `users`.`n`
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED));
-- [1 k1 1 k1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `accounts`
STRAIGHT_JOIN `users`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`label` = UPPER(`users`.`name`)
WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?))
  AND ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY));
-- [1 k1 1 k1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE ((`users`.`tenant` = ? AND `users`.`code` = ?))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 k1]

-- table change: reconcile forward exact, range
/* underpin mirror split */ 
DELETE FROM `accounts`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
  AND (`users`.`n` > 0));
-- [1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`code` = `users`.`code`,
    `accounts`.`n` = `users`.`n`
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`code` AS BINARY) <=> CAST(CONVERT(`users`.`code` USING utf8mb4) AS BINARY)
    AND `accounts`.`n` <=> CAST(`users`.`n` AS SIGNED));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `accounts`
  ON `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`
SET `accounts`.`label` = UPPER(`users`.`name`)
WHERE (`accounts`.`tenant` >= ? AND (`accounts`.`tenant` > ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` > ?)))
  AND (`accounts`.`tenant` <= ? AND (`accounts`.`tenant` < ? OR (`accounts`.`tenant` = ? AND `accounts`.`code` <= ?)))
  AND (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT (CAST(`accounts`.`label` AS BINARY) <=> CAST(CONVERT(UPPER(`users`.`name`) USING utf8mb4) AS BINARY));
-- [1 1 1 k1 9 9 9 k9 1 1 1 k1 9 9 9 k9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `accounts`
  (`tenant`, `code`, `label`, `n`)
SELECT `users`.`tenant`, `users`.`code`, UPPER(`users`.`name`), `users`.`n`
FROM `users`
WHERE (`users`.`tenant` >= ? AND (`users`.`tenant` > ? OR (`users`.`tenant` = ? AND `users`.`code` > ?)))
  AND (`users`.`tenant` <= ? AND (`users`.`tenant` < ? OR (`users`.`tenant` = ? AND `users`.`code` <= ?)))
  AND (`users`.`n` > 0)
  AND NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE `accounts`.`tenant` = `users`.`tenant`
  AND `accounts`.`code` = `users`.`code`);
-- [1 1 1 k1 9 9 9 k9]

-- table change: unmapped, one key
/* underpin read split */ 
SELECT 1
FROM DUAL
WHERE NOT EXISTS (
    SELECT 1
    FROM `accounts`
    WHERE ((`accounts`.`tenant` = ? AND `accounts`.`code` = ?)));
-- [1 k1]

-- column change: boundary backward, one key
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1]

-- column change: boundary backward, range
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1 9]

-- column change: boundary forward, one key
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1]

-- column change: boundary forward, range
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1 9]

-- column change: compare either, one key
/* underpin verify split */ 
SELECT COUNT(*), 0, 0, COALESCE(SUM(NOT (((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY))))), 0), COALESCE(SUM((((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)))) AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))), 0)
FROM `users`
WHERE `users`.`id` IN (?);
-- [1]

-- column change: compare either, range
/* underpin verify split */ 
SELECT COUNT(*), 0, 0, COALESCE(SUM(NOT (((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY))))), 0), COALESCE(SUM((((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)))) AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))), 0)
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?;
-- [1 9]

-- column change: compare exact, one key
/* underpin verify split */ 
SELECT COUNT(*), 0, 0, COALESCE(SUM(NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))), 0), COALESCE(SUM(FALSE), 0)
FROM `users`
WHERE `users`.`id` IN (?);
-- [1]

-- column change: compare exact, range
/* underpin verify split */ 
SELECT COUNT(*), 0, 0, COALESCE(SUM(NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))), 0), COALESCE(SUM(FALSE), 0)
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?;
-- [1 9]

-- column change: differing either, one key
/* underpin verify split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
  AND NOT (((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY))))
LIMIT 10;
-- [1]

-- column change: differing either, range
/* underpin verify split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT (((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY))))
LIMIT 10;
-- [1 9]

-- column change: differing exact, one key
/* underpin verify split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))
LIMIT 10;
-- [1]

-- column change: differing exact, range
/* underpin verify split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin))
LIMIT 10;
-- [1 9]

-- column change: follower any backward, one key
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` IN (?)
LIMIT 1;
-- [1]

-- column change: follower any backward, range
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
LIMIT 1;
-- [1 9]

-- column change: follower any forward, one key
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` IN (?)
LIMIT 1;
-- [1]

-- column change: follower any forward, range
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
LIMIT 1;
-- [1 9]

-- column change: lock backward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` IN (?)
FOR UPDATE;
-- [1]

-- column change: lock backward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
FOR UPDATE;
-- [1 9]

-- column change: lock forward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` IN (?)
FOR UPDATE;
-- [1]

-- column change: lock forward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
FOR UPDATE;
-- [1 9]

-- column change: reconcile backward either, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`name` = CONCAT_WS(' ', `users`.`first`, `users`.`last`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)));
-- [1]

-- column change: reconcile backward either, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`name` = CONCAT_WS(' ', `users`.`first`, `users`.`last`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)));
-- [1 9]

-- column change: reconcile backward exact, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`name` = CONCAT_WS(' ', `users`.`first`, `users`.`last`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND NOT (CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin);
-- [1]

-- column change: reconcile backward exact, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`name` = CONCAT_WS(' ', `users`.`first`, `users`.`last`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT (CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin);
-- [1 9]

-- column change: reconcile forward either, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`first` = SUBSTRING_INDEX(`users`.`name`, ' ', 1),
    `users`.`last` = SUBSTRING_INDEX(`users`.`name`, ' ', -1),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)));
-- [1]

-- column change: reconcile forward either, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`first` = SUBSTRING_INDEX(`users`.`name`, ' ', 1),
    `users`.`last` = SUBSTRING_INDEX(`users`.`name`, ' ', -1),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT ((CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin)
    OR ((`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL)
    AND CAST(`users`.`name` AS BINARY) <=> CAST(CONVERT(CONCAT_WS(' ', `users`.`first`, `users`.`last`) USING utf8mb4) AS BINARY)));
-- [1 9]

-- column change: reconcile forward exact, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`first` = SUBSTRING_INDEX(`users`.`name`, ' ', 1),
    `users`.`last` = SUBSTRING_INDEX(`users`.`name`, ' ', -1),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND NOT (CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin);
-- [1]

-- column change: reconcile forward exact, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`first` = SUBSTRING_INDEX(`users`.`name`, ' ', 1),
    `users`.`last` = SUBSTRING_INDEX(`users`.`name`, ' ', -1),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT (CAST(`users`.`first` AS BINARY) <=> CAST(CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', 1) USING utf8mb4) AS BINARY)
    AND `users`.`last` <=> CONVERT(SUBSTRING_INDEX(`users`.`name`, ' ', -1) USING utf8mb4) COLLATE utf8mb4_bin);
-- [1 9]

-- column change: unmapped, one key
/* underpin read split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` IN (?)
  AND NOT (`users`.`first` IS NOT NULL OR `users`.`last` IS NOT NULL);
-- [1]

-- merge: boundary backward, one key
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1]

-- merge: boundary backward, range
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1 9]

-- merge: boundary forward, one key
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` IN (?)
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1]

-- merge: boundary forward, range
/* underpin walk split */ 
SELECT `users`.`id`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
ORDER BY `users`.`id`
LIMIT 1 OFFSET 99;
-- [1 9]

-- merge: compare either, one key
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT COUNT(*) AS compared,
  SUM(`profiles`.`id` IS NOT NULL AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS missing,
  SUM(NOT (`profiles`.`id` IS NOT NULL) AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS extra,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND NOT (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED))))) AS different,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)))) AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED)))) AS finer
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` IN (?)
UNION ALL
SELECT COUNT(*), COUNT(*), 0, 0, 0
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IS NULL
) AS counts;
-- [1 1]

-- merge: compare either, range
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT COUNT(*) AS compared,
  SUM(`profiles`.`id` IS NOT NULL AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS missing,
  SUM(NOT (`profiles`.`id` IS NOT NULL) AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS extra,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND NOT (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED))))) AS different,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)))) AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED)))) AS finer
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
UNION ALL
SELECT COUNT(*), COUNT(*), 0, 0, 0
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` IS NULL
) AS counts;
-- [1 9 1 9]

-- merge: compare exact, one key
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT COUNT(*) AS compared,
  SUM(`profiles`.`id` IS NOT NULL AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS missing,
  SUM(NOT (`profiles`.`id` IS NOT NULL) AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS extra,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED)))) AS different,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND FALSE) AS finer
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` IN (?)
UNION ALL
SELECT COUNT(*), COUNT(*), 0, 0, 0
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IS NULL
) AS counts;
-- [1 1]

-- merge: compare exact, range
/* underpin verify split */ 
SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0), COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)
FROM (
SELECT COUNT(*) AS compared,
  SUM(`profiles`.`id` IS NOT NULL AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS missing,
  SUM(NOT (`profiles`.`id` IS NOT NULL) AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))) AS extra,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED)))) AS different,
  SUM(`profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND FALSE) AS finer
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
UNION ALL
SELECT COUNT(*), COUNT(*), 0, 0, 0
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` IS NULL
) AS counts;
-- [1 9 1 9]

-- merge: differing either, one key
/* underpin verify split */ 
(SELECT `users`.`id`
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` IN (?)
  AND NOT (NOT (`profiles`.`id` IS NOT NULL) AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) OR `profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)))))
LIMIT 10)
UNION ALL
(SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 1]

-- merge: differing either, range
/* underpin verify split */ 
(SELECT `users`.`id`
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT (NOT (`profiles`.`id` IS NOT NULL) AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) OR `profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND (((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)))
    AND ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)))))
LIMIT 10)
UNION ALL
(SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 9 1 9]

-- merge: differing exact, one key
/* underpin verify split */ 
(SELECT `users`.`id`
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` IN (?)
  AND NOT (NOT (`profiles`.`id` IS NOT NULL) AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) OR `profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))))
LIMIT 10)
UNION ALL
(SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 1]

-- merge: differing exact, range
/* underpin verify split */ 
(SELECT `users`.`id`
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND NOT (NOT (`profiles`.`id` IS NOT NULL) AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) OR `profiles`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))) AND ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    AND (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))))
LIMIT 10)
UNION ALL
(SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` IS NULL
LIMIT 10)
LIMIT 10;
-- [1 9 1 9]

-- merge: fill backward, one key
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1]

-- merge: fill backward, range
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1 9]

-- merge: follower any backward, one key
/* underpin copy split */ 
SELECT 1
FROM `profiles`
WHERE `profiles`.`id` IN (?)
LIMIT 1;
-- [1]

-- merge: follower any backward, range
/* underpin copy split */ 
SELECT 1
FROM `profiles`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
LIMIT 1;
-- [1 9]

-- merge: follower any forward, one key
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` IN (?)
LIMIT 1;
-- [1]

-- merge: follower any forward, range
/* underpin copy split */ 
SELECT 1
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
LIMIT 1;
-- [1 9]

-- merge: lock backward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` IN (?)
FOR UPDATE;
-- [1]

-- merge: lock backward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
FOR UPDATE;
-- [1 9]

-- merge: lock forward, one key
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` IN (?)
FOR UPDATE;
-- [1]

-- merge: lock forward, range
/* underpin lock split */ 
SELECT COUNT(*)
FROM `users`
LEFT JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
FOR UPDATE;
-- [1 9]

-- merge: reconcile backward either, one key
/* underpin mirror split */ 
DELETE FROM `profiles`
WHERE `profiles`.`id` IN (?)
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `users`.`id` = `profiles`.`id`
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))));
-- [1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
STRAIGHT_JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`bio` = COALESCE(`users`.`story`, '')
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
STRAIGHT_JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`n` = `users`.`marks`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)));
-- [1 1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1]

-- merge: reconcile backward either, range
/* underpin mirror split */ 
DELETE FROM `profiles`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `users`.`id` = `profiles`.`id`
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))));
-- [1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`bio` = COALESCE(`users`.`story`, '')
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`n` = `users`.`marks`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)));
-- [1 9 1 9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1 9]

-- merge: reconcile backward exact, one key
/* underpin mirror split */ 
DELETE FROM `profiles`
WHERE `profiles`.`id` IN (?)
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `users`.`id` = `profiles`.`id`
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))));
-- [1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
STRAIGHT_JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`bio` = COALESCE(`users`.`story`, '')
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
STRAIGHT_JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`n` = `users`.`marks`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED));
-- [1 1]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1]

-- merge: reconcile backward exact, range
/* underpin mirror split */ 
DELETE FROM `profiles`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND NOT EXISTS (
    SELECT 1
    FROM `users`
    WHERE `users`.`id` = `profiles`.`id`
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))));
-- [1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`bio` = COALESCE(`users`.`story`, '')
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `profiles`.`n` = `users`.`marks`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED));
-- [1 9 1 9]
/* underpin mirror split */ 
INSERT /*+ SET_VAR(time_zone='+00:00') */ INTO `profiles`
  (`id`, `bio`, `n`)
SELECT `users`.`id`, COALESCE(`users`.`story`, ''), `users`.`marks`
FROM `users`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1 9]

-- merge: reconcile forward either, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`story` = NULL,
    `users`.`marks` = DEFAULT(`users`.`marks`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1 1]

-- merge: reconcile forward either, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`story` = NULL,
    `users`.`marks` = DEFAULT(`users`.`marks`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY))
    OR (CAST(`profiles`.`bio` AS BINARY) <=> CAST(CONVERT(COALESCE(`users`.`story`, '') USING utf8mb4) AS BINARY)));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT ((`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED))
    OR (`profiles`.`n` <=> CAST(`users`.`marks` AS SIGNED)));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1 9 1 9]

-- merge: reconcile forward exact, one key
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`story` = NULL,
    `users`.`marks` = DEFAULT(`users`.`marks`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED));
-- [1 1]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
STRAIGHT_JOIN `profiles`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` IN (?)
  AND `profiles`.`id` IN (?)
  AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1 1]

-- merge: reconcile forward exact, range
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `users`
SET `users`.`story` = NULL,
    `users`.`marks` = DEFAULT(`users`.`marks`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT EXISTS (
    SELECT 1
    FROM `profiles`
    WHERE `users`.`id` = `profiles`.`id`);
-- [1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (CAST(`users`.`story` AS BINARY) <=> CAST(CONVERT(TRIM(`profiles`.`bio`) USING utf8mb4) AS BINARY));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)))
  AND NOT (`users`.`marks` <=> CAST(COALESCE(`profiles`.`n`, 0) AS SIGNED));
-- [1 9 1 9]
/* underpin mirror split */ 
UPDATE /*+ SET_VAR(time_zone='+00:00') */ `profiles`
JOIN `users`
  ON `users`.`id` = `profiles`.`id`
SET `users`.`story` = TRIM(`profiles`.`bio`),
    `users`.`marks` = COALESCE(`profiles`.`n`, 0),
    `users`.`updated_at` = `users`.`updated_at`
WHERE `users`.`id` > ?
  AND `users`.`id` <= ?
  AND `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND NOT (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED)));
-- [1 9 1 9]

-- merge: strays, one key
/* underpin strays split */ 
SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND `users`.`id` IS NULL
LIMIT 10;
-- [1]

-- merge: strays, range
/* underpin strays split */ 
SELECT `profiles`.`id`
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` > ?
  AND `profiles`.`id` <= ?
  AND `users`.`id` IS NULL
LIMIT 10;
-- [1 9]

-- merge: unmapped, one key
/* underpin read split */ 
SELECT 1
FROM `profiles`
LEFT JOIN `users`
  ON `users`.`id` = `profiles`.`id`
WHERE `profiles`.`id` IN (?)
  AND NOT (`users`.`id` IS NOT NULL AND (`users`.`story` IS NOT NULL OR NOT (`users`.`marks` <=> CAST(DEFAULT(`users`.`marks`) AS SIGNED))));
-- [1]

