package dualwrite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// replayer makes a *sql.Row out of a row that has been read already.
//
// A *sql.Row keeps the error of its statement to itself until it is scanned,
// and forgets it then; a deadlock that the server reports in place of the first
// row would pass a unit of work by if the unit dropped it. So the row is read
// at once, looked at, and handed out again through the smallest possible driver:
// database/sql has no other way to make a *sql.Row.
type replayer struct{ db *sql.DB }

func newReplayer() *replayer { return &replayer{sql.OpenDB(replayConnector{})} }

func (r *replayer) close() error { return r.db.Close() }

// row returns a row with the values, without any if they are nil, or with err.
func (r *replayer) row(ctx context.Context, columns []string, values []any, err error) *sql.Row {
	tape := &tape{columns: columns, values: values, err: err}
	return r.db.QueryRowContext(context.WithoutCancel(ctx), "", tape)
}

// firstRow reads the first row and closes rows.
func firstRow(rows *sql.Rows) (columns []string, values []any, err error) {
	defer func() {
		// The rest is read and dropped, as (*sql.Row).Scan does.
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	columns, err = rows.Columns()
	if err != nil || !rows.Next() {
		return columns, nil, errors.Join(err, rows.Err())
	}
	values = make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i] // the driver's own value; bytes are copied
	}
	return columns, values, rows.Scan(dest...)
}

// tape is what is played.
type tape struct {
	columns []string
	values  []any
	err     error
}

// Columns implements driver.Rows.
func (t *tape) Columns() []string { return t.columns }

// Close implements driver.Rows.
func (t *tape) Close() error { return nil }

// Next implements driver.Rows.
func (t *tape) Next(dest []driver.Value) error {
	if t.values == nil {
		return io.EOF
	}
	for i, v := range t.values {
		dest[i] = v
	}
	t.values = nil
	return nil
}

type (
	replayConnector struct{}
	replayDriver    struct{}
	replayConn      struct{}
)

var (
	_             driver.QueryerContext    = replayConn{}
	_             driver.NamedValueChecker = replayConn{}
	errReplayOnly                          = errors.New("this connection only replays rows")
)

// Connect implements driver.Connector.
func (replayConnector) Connect(context.Context) (driver.Conn, error) { return replayConn{}, nil }

// Driver implements driver.Connector.
func (replayConnector) Driver() driver.Driver { return replayDriver{} }

// Open implements driver.Driver.
func (replayDriver) Open(string) (driver.Conn, error) { return replayConn{}, nil }

// Prepare implements driver.Conn.
func (replayConn) Prepare(string) (driver.Stmt, error) { return nil, errReplayOnly }

// Begin implements driver.Conn.
func (replayConn) Begin() (driver.Tx, error) { return nil, errReplayOnly }

// Close implements driver.Conn.
func (replayConn) Close() error { return nil }

// CheckNamedValue implements driver.NamedValueChecker: a tape passes as it is.
func (replayConn) CheckNamedValue(*driver.NamedValue) error { return nil }

// QueryContext implements driver.QueryerContext.
func (replayConn) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	t, ok := args[0].Value.(*tape)
	if !ok {
		return nil, errReplayOnly
	}
	return t, t.err
}
