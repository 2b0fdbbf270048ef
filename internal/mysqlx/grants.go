package mysqlx

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Grants are the privileges of a user as SHOW GRANTS tells them, one line each,
// those of active roles included, and without anything secret.
type Grants []string

const selectRoles = `
SELECT COALESCE(CURRENT_ROLE(), ''), VERSION()`

// ReadGrants reads the grants of the session's user.
func ReadGrants(ctx context.Context, q Querier) (Grants, error) {
	query := "SHOW GRANTS"
	var roles, version string
	err := q.QueryRowContext(ctx, Marker("grants")+selectRoles).Scan(&roles, &version)
	if err == nil && !strings.Contains(strings.ToLower(version), "mariadb") && roles != "" && roles != "NONE" {
		query = "SHOW GRANTS FOR CURRENT_USER() USING " + roles // quoted by the server
	}
	g := Grants{}
	err = EachRow(ctx, q, Marker("grants")+query, nil, func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		g = append(g, withoutSecrets(line))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("show grants: %w", err)
	}
	return g, nil
}

// secret is how the servers print what an account authenticates with: a hash
// is as good as a password to those who can crack it.
var secret = regexp.MustCompile(`(?i) (IDENTIFIED (BY|VIA|WITH)|REQUIRE) .*$`)

func withoutSecrets(grant string) string { return secret.ReplaceAllString(grant, "") }

// grantLine takes a line of SHOW GRANTS apart: whether given or, from what is
// wider, taken back; what; on what.
var grantLine = regexp.MustCompile(`(?i)^(GRANT|REVOKE) (.+) ON (?:TABLE )?(\S+) (?:TO|FROM) `)

// HasEverywhere reports whether the privilege is held on all databases, as those
// about the server itself are.
func (g Grants) HasEverywhere(privilege string) bool { return g.Has(privilege, "") }

// Has reports whether the privilege is held on all of a database. What a partial
// revoke takes back is not.
func (g Grants) Has(privilege, database string) bool {
	held := false
	for _, line := range g {
		m := grantLine.FindStringSubmatch(line)
		if m == nil || !covers(m[3], database) {
			continue
		}
		var names []string
		for name := range strings.SplitSeq(strings.ToUpper(m[2]), ",") {
			names = append(names, strings.TrimSpace(name))
		}
		if !slices.Contains(names, "ALL PRIVILEGES") && !slices.Contains(names, privilege) {
			continue
		}
		if strings.EqualFold(m[1], "REVOKE") {
			return false
		}
		held = true
	}
	return held
}

// covers reports whether a grant's level takes in the whole database. In such a
// level _ and % are wildcards unless a backslash stands before them.
func covers(level, database string) bool {
	if level == "*.*" {
		return true
	}
	name, ok := strings.CutSuffix(level, ".*")
	if !ok {
		return false
	}
	name = strings.ReplaceAll(strings.Trim(name, "`'\""), "``", "`")
	var pattern strings.Builder
	escaped := false
	for _, r := range name {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '%':
			pattern.WriteString(".*")
		case !escaped && r == '_':
			pattern.WriteString(".")
		default:
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	matched, err := regexp.MatchString("^(?i:"+pattern.String()+")$", database)
	return err == nil && matched
}
