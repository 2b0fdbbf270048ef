-- name: OldUsers :many
SELECT id
FROM users
WHERE age > ?;
