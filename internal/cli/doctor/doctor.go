// Package doctor looks at a server, a database and a user with the eyes of
// somebody who is about to change a schema there, and says what is missing and
// what each missing thing costs.
//
// It asks instead of assuming: a privilege is probed by doing what it is needed
// for, on an empty scratch table that is dropped again, or by a query with LIMIT
// 0; only what cannot be probed is read from SHOW GRANTS. The basic path needs
// nothing beyond DDL and DML on the application's own database; everything else
// is a comfort whose absence has a price, and the price is what is printed.
package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Level is how much a finding matters.
type Level string

// The levels.
const (
	// Fine: it is as it should be.
	Fine Level = "fine"
	// Costs: it works without, at a price that the finding names.
	Costs Level = "costs"
	// Missing: a change cannot be carried out like this.
	Missing Level = "missing"
)

// Finding is what one look gave.
type Finding struct {
	// Name is stable, for scripts.
	Name  string `json:"name"`
	Level Level  `json:"level"`
	// Found is what is there.
	Found string `json:"found"`
	// Cost says what that means, and Remedy what to do; empty where all is fine.
	Cost   string `json:"cost,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// Report is everything that was found.
type Report struct {
	Flavour    string    `json:"flavour"` // mysql or mariadb
	Version    string    `json:"version"`
	Database   string    `json:"database"`
	User       string    `json:"user"`
	Healthy    bool      `json:"healthy"` // nothing needed is missing
	Settings   []Finding `json:"settings"`
	Privileges []Finding `json:"privileges"`
	// Grants is SHOW GRANTS without anything secret.
	Grants mysqlx.Grants `json:"grants"`
}

// patient is what is examined.
type patient struct {
	db     *sql.DB
	report Report
	// global holds the server's global variables and status by lower-case name.
	global map[string]string
}

// Examine looks at everything. An error means that the server could not be
// asked at all.
func Examine(ctx context.Context, db *sql.DB) (Report, error) {
	p := &patient{db: db, global: map[string]string{}}
	err := db.QueryRowContext(ctx, mysqlx.Marker("doctor")+"SELECT VERSION(), DATABASE(), CURRENT_USER()").
		Scan(&p.report.Version, &p.report.Database, &p.report.User)
	if err != nil {
		return p.report, fmt.Errorf("ask the server what it is: %w", err)
	}
	p.report.Flavour = "mysql"
	if strings.Contains(strings.ToLower(p.report.Version), "mariadb") {
		p.report.Flavour = "mariadb"
	}
	for _, query := range []string{"SHOW GLOBAL VARIABLES", "SHOW GLOBAL STATUS"} {
		if err := p.readGlobals(ctx, query); err != nil {
			return p.report, err
		}
	}
	if p.report.Grants, err = mysqlx.ReadGrants(ctx, db); err != nil {
		return p.report, err
	}
	p.examineSettings(ctx)
	if err := p.examinePrivileges(ctx); err != nil {
		return p.report, err
	}
	p.report.Healthy = true
	for _, list := range [][]Finding{p.report.Settings, p.report.Privileges} {
		for _, f := range list {
			p.report.Healthy = p.report.Healthy && f.Level != Missing
		}
	}
	return p.report, nil
}

// readGlobals reads variables or status.
func (p *patient) readGlobals(ctx context.Context, query string) error {
	rows, err := p.db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.ToLower(query), err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(query), err)
		}
		p.global[strings.ToLower(name.String)] = value.String
	}
	return rows.Err()
}

// setting records a finding about the server.
func (p *patient) setting(f Finding) { p.report.Settings = append(p.report.Settings, f) }

// privilege records a finding about the user.
func (p *patient) privilege(f Finding) { p.report.Privileges = append(p.report.Privileges, f) }

// fine is a finding that all is as it should be.
func fine(name, found string) Finding { return Finding{Name: name, Level: Fine, Found: found} }
