package kinds

import "github.com/underpin-db/underpin/migrate"

// Mapped is one kind of change with a mapping: two shapes of the same rows that
// are kept in step, on the tables of the fixtures.
type Mapped struct {
	Name string
	// Beside is what has to be there beside the tables of the fixtures.
	Beside []string
	// DDL is what the change is derived from, as an engineer would write it. Empty
	// is: DDL cannot say it, and File is the change file to write.
	DDL  string
	File string
	// Query yields Want of the old shape before and, as After, of the new one once
	// the old is gone.
	Query, After, Want string
	// End is what the schema has to hold at the end.
	End string
	// Note is what the engineer has to know beside.
	Note string
	// Loose says that what was loosened stays so on the way back.
	Loose migrate.Choice
}

// AllMapped are the cases.
var AllMapped = []Mapped{
	{
		Name: "rename column", DDL: "ALTER TABLE items RENAME COLUMN note TO remark",
		Query: listNotes, After: "SELECT GROUP_CONCAT(COALESCE(remark, '-') ORDER BY id) FROM items", Want: "x,-,y", End: "`remark` varchar(100)",
	},
	{
		Name: "change type", DDL: "ALTER TABLE items CHANGE COLUMN price cents BIGINT",
		Query: listPrices, After: "SELECT GROUP_CONCAT(cents ORDER BY id) FROM items", Want: "0,0,0", End: "`cents` bigint",
	},
	{
		Name: "longer number", DDL: "ALTER TABLE items MODIFY COLUMN price BIGINT NOT NULL DEFAULT 0",
		Query: listPrices, After: "SELECT GROUP_CONCAT(price_new ORDER BY id) FROM items", Want: "0,0,0", End: "`price_new` bigint",
	},
	{
		Name: "longer text", DDL: "ALTER TABLE items MODIFY COLUMN note TEXT NULL",
		Query: listNotes, After: "SELECT GROUP_CONCAT(COALESCE(note_new, '-') ORDER BY id) FROM items", Want: "x,-,y", End: "`note_new` text",
	},
	{
		Name: "collation of a column", DDL: "ALTER TABLE items MODIFY COLUMN sku VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
		Query: listSkus, After: "SELECT GROUP_CONCAT(sku_new ORDER BY id) FROM items", Want: "a,b,c", End: "utf8mb4_bin", Loose: migrate.Yes,
	},
	{
		Name: "reorder enum", DDL: "ALTER TABLE items MODIFY COLUMN state ENUM('gone','sold','new') NOT NULL DEFAULT 'new'",
		Query: "SELECT GROUP_CONCAT(state ORDER BY id) FROM items", After: "SELECT GROUP_CONCAT(state_new ORDER BY id) FROM items", Want: "new,new,new", End: "enum('gone','sold','new')",
	},
	{
		Name: "longer key", DDL: "ALTER TABLE shops MODIFY COLUMN id BIGINT NOT NULL",
		Query: "SELECT GROUP_CONCAT(id, name) FROM shops", After: "SELECT GROUP_CONCAT(id, name) FROM shops_new", Want: "1one", End: "`id` bigint",
	},
	{
		Name: "rename key", DDL: "ALTER TABLE shops RENAME COLUMN id TO shop",
		Query: "SELECT GROUP_CONCAT(id, name) FROM shops", After: "SELECT GROUP_CONCAT(shop, name) FROM shops_new", Want: "1one", End: "`shop` int",
	},
	{
		Name: "primary key", DDL: "ALTER TABLE items DROP PRIMARY KEY, ADD PRIMARY KEY (sku, id), ADD INDEX by_id (id)",
		Query: listSkus, After: listNewSkus, Want: "a,b,c", End: "PRIMARY KEY (`sku`,`id`)",
	},
	{
		Name: "convert character set", DDL: "ALTER TABLE items CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		Query: listSkus, After: listNewSkus, Want: "a,b,c", End: "COLLATE=utf8mb4_bin",
	},
	{
		Name: "partition", DDL: "ALTER TABLE items PARTITION BY HASH (id) PARTITIONS 4",
		Query: listSkus, After: listNewSkus, Want: "a,b,c", End: "PARTITION BY HASH",
	},
	{
		Name: "table with foreign keys",
		Beside: []string{
			"CREATE TABLE makers (id INT NOT NULL PRIMARY KEY)",
			"INSERT INTO makers VALUES (1)",
			"ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)",
			"ALTER TABLE items ADD COLUMN maker_id INT NULL, ADD CONSTRAINT made_by FOREIGN KEY (maker_id) REFERENCES makers (id) ON DELETE CASCADE",
		},
		DDL:   "ALTER TABLE items DROP PRIMARY KEY, ADD PRIMARY KEY (sku, id), ADD INDEX by_id (id)",
		Query: listSkus, After: listNewSkus, Want: "a,b,c", End: "CONSTRAINT `made_by_items_new` FOREIGN KEY (`maker_id`) REFERENCES `makers` (`id`) ON DELETE CASCADE",
	},
	{
		Name: "split column",
		File: `change: split-note
service: shop
source: {table: items}
target: {table: items}
expand:
  - ALTER TABLE items ADD COLUMN title VARCHAR(100) NULL, ADD COLUMN rest VARCHAR(100) NULL
forward:
  title: SUBSTRING_INDEX(note, ' ', 1)
  rest: TRIM(SUBSTRING(note, CHAR_LENGTH(SUBSTRING_INDEX(note, ' ', 1)) + 1))
backward:
  note: CASE WHEN title IS NOT NULL THEN TRIM(CONCAT_WS(' ', title, rest)) END
contract:
  - ALTER TABLE items DROP COLUMN note
`,
		Query: listNotes, After: "SELECT GROUP_CONCAT(COALESCE(title, '-') ORDER BY id) FROM items", Want: "x,-,y", End: "`rest` varchar(100)",
	},
	{
		Name: "merge columns",
		File: `change: merge-label
service: shop
source: {table: items}
target: {table: items}
expand:
  - ALTER TABLE items ADD COLUMN label VARCHAR(141) NULL
  - ALTER TABLE items ALTER COLUMN sku SET DEFAULT ''
forward:
  label: CONCAT_WS(' ', sku, note)
backward:
  sku: SUBSTRING_INDEX(COALESCE(label, ''), ' ', 1)
  note: CASE WHEN LOCATE(' ', label) > 0 THEN SUBSTRING(label, LOCATE(' ', label) + 1) END
contract:
  - ALTER TABLE items DROP COLUMN sku, DROP COLUMN note
`,
		Query: "SELECT GROUP_CONCAT(CONCAT_WS(' ', sku, note) ORDER BY id) FROM items", After: "SELECT GROUP_CONCAT(label ORDER BY id) FROM items", Want: "a x,b,c y", End: "`label` varchar(141)", Loose: migrate.Yes,
	},
	{
		Name: "move table",
		File: `change: items-to-goods
service: shop
source: {table: items}
target: {table: goods}
expand:
  - |
    CREATE TABLE goods (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      shop INT NULL,
      sku VARCHAR(40) NOT NULL,
      note VARCHAR(100) NULL,
      sold ENUM('yes','no') NOT NULL DEFAULT 'no',
      price INT NOT NULL DEFAULT 0,
      state ENUM('new','sold','gone') NOT NULL DEFAULT 'new',
      UNIQUE KEY one_sku (sku)
    ) DEFAULT CHARSET utf8mb4
forward:
  shop: shop_id
  sku: sku
  note: note
  price: price
  state: state
  sold: CASE WHEN state = 'sold' THEN 'yes' ELSE 'no' END
backward:
  shop_id: shop
  sku: sku
  note: note
  price: price
  state: state
contract:
  - DROP TABLE items
`,
		Query: listSkus, After: "SELECT GROUP_CONCAT(sku ORDER BY id) FROM goods", Want: "a,b,c", End: "enum('yes','no')",
	},
	{
		Name: "move columns",
		File: `change: shop-names
service: shop
source: {table: shops}
target: {table: shop_names}
expand:
  - CREATE TABLE shop_names (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL) DEFAULT CHARSET utf8mb4
  - ALTER TABLE shops ALTER COLUMN name SET DEFAULT ''
forward:
  name: name
backward:
  name: name
contract:
  - ALTER TABLE shops DROP COLUMN name
`,
		Query: "SELECT GROUP_CONCAT(name) FROM shops", After: "SELECT GROUP_CONCAT(name) FROM shops JOIN shop_names USING (id)", Want: "one", End: "CREATE TABLE `shop_names`", Loose: migrate.Yes,
		Note: "A release that writes the new shape writes a row of both tables in one transaction: while both shapes are kept in step, a row of `shops` without one of `shop_names` is taken for deleted.",
	},
	{
		Name: "merge tables",
		Beside: []string{
			`CREATE TABLE details (
  item_id BIGINT NOT NULL PRIMARY KEY,
  maker VARCHAR(40) NOT NULL,
  weight INT NOT NULL,
  CONSTRAINT of_item FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE
) DEFAULT CHARSET utf8mb4`,
			`INSERT INTO details VALUES (1, 'acme', 5), (3, '', 0)`,
		},
		File: `change: merge-details
service: shop
source: {table: details}
target: {table: items}
expand:
  - ALTER TABLE items ADD COLUMN maker VARCHAR(40) NULL, ADD COLUMN weight INT NOT NULL DEFAULT 0
forward:
  maker: maker
  weight: weight
backward:
  maker: COALESCE(maker, '')
  weight: weight
contract:
  - DROP TABLE details
`,
		Query: "SELECT GROUP_CONCAT(item_id, ':', maker, ':', weight ORDER BY item_id) FROM details",
		After: "SELECT GROUP_CONCAT(id, ':', maker, ':', weight ORDER BY id) FROM items WHERE maker IS NOT NULL", Want: "1:acme:5,3::0", End: "`maker` varchar(40)",
		Note: "Two tables with the same key, one row each, of which one may lack rows. The target is there already, and expand adds every column that forward assigns: that makes it a merge. One of the new columns takes NULL and is assigned what never is NULL, a NOT NULL column or a mark such as `has_details: 1`; without it a row could not be told from none. The foreign key from the one to the other has to be ON DELETE CASCADE, or there is none; it goes with the table.",
	},
}

// What the queries of several cases read.
const (
	listSkus    = "SELECT GROUP_CONCAT(sku ORDER BY id) FROM items"
	listNewSkus = "SELECT GROUP_CONCAT(sku ORDER BY id) FROM items_new"
	listNotes   = "SELECT GROUP_CONCAT(COALESCE(note, '-') ORDER BY id) FROM items"
	listPrices  = "SELECT GROUP_CONCAT(price ORDER BY id) FROM items"
)

// Refused is what is no change, and what the planner says.
type Refused struct {
	Name string
	// Beside is what has to be there beside the tables of the fixtures.
	Beside []string
	// DDL is what is asked for; empty is: File is.
	DDL, File string
	Says      string
}

// AllRefused are what is refused by name.
var AllRefused = []Refused{
	{
		Name: "merge a table into columns that are there", Says: "the backfill would overwrite and delete what is in it",
		File: `change: merge-shops
service: shop
source: {table: shops}
target: {table: items}
forward: {note: name}
backward: {name: note}
`,
	},
	{Name: "drop the primary key", DDL: "ALTER TABLE items MODIFY COLUMN id BIGINT NOT NULL, DROP PRIMARY KEY", Says: "the table would be left without one"},
	{
		Name: "move a table that foreign keys of others point at", Beside: []string{"ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)"},
		DDL: "ALTER TABLE shops MODIFY COLUMN id BIGINT NOT NULL", Says: "a unit of one release that writes a row and rows that refer to it would fail while both releases run",
	},
	{
		Name: "move a table that refers to itself", Beside: []string{"ALTER TABLE items ADD COLUMN instead BIGINT NULL, ADD CONSTRAINT instead_of FOREIGN KEY (instead) REFERENCES items (id)"},
		DDL: "ALTER TABLE items CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", Says: "its own foreign key instead_of refers to it: rows are mirrored in the order of their keys",
	},
	{
		Name: "partition a table with a foreign key", Beside: []string{"ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)"},
		DDL: "ALTER TABLE items PARTITION BY HASH (id) PARTITIONS 4", Says: "the foreign key in_shop to shops cannot be taken over",
	},
	{Name: "sign a key otherwise", DDL: "ALTER TABLE shops MODIFY COLUMN id INT UNSIGNED NOT NULL", Says: "and the source's id is int"},
	{Name: "drop a partition", DDL: "ALTER TABLE items DROP PARTITION p0", Says: "it deletes every row of the partition at once"},
	{Name: "swap a partition", DDL: "ALTER TABLE items EXCHANGE PARTITION p0 WITH TABLE shops", Says: "it swaps the rows of two tables at once"},
}
