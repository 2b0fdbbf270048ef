package store

func add(db DB) { db.Exec("INSERT INTO users (id, country) VALUES (?, ?)") }

const all = `SELECT id FROM coupons`
