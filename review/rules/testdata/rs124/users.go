package store

// User is a row of users.
type User struct {
	ID   int64  `db:"id"`
	Mail string `db:"mail"`
}

const byName = "SELECT id, name FROM users WHERE name = ?"

func coupon(db DB) { db.Query("SELECT id FROM coupons") }
