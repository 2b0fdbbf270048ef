package store

// place has most of the columns of shops.
type place struct {
	ID     int64  `db:"id"`
	Street string `db:"street"`
	Town   string `db:"town"`
	Note   string `db:"note"`
}

type OrderItem struct {
	Other string `gorm:"column:other"`
	Mass  int    `gorm:"column:mass"`
}

// map has one column of shops, and one of order_items.
type country struct {
	Code  string `db:"code"`
	Area  int    `db:"area"`
	Price int    `db:"price"`
}

func find(b builder) { b.Select("id", "shops.owner").From("shops") }
