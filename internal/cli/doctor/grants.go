package doctor

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// readGrants reads SHOW GRANTS, those of active roles included, and takes
// everything secret out of it.
func (p *patient) readGrants(ctx context.Context) error {
	query := "SHOW GRANTS"
	var roles string
	err := p.db.QueryRowContext(ctx, mysqlx.Marker("doctor")+"SELECT COALESCE(CURRENT_ROLE(), '')").Scan(&roles)
	if err == nil && p.report.Flavour == "mysql" && roles != "" && roles != "NONE" {
		query = "SHOW GRANTS FOR CURRENT_USER() USING " + roles // quoted by the server
	}
	rows, err := p.db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("show grants: %w", err)
	}
	defer rows.Close()
	p.report.Grants = []string{}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("show grants: %w", err)
		}
		p.report.Grants = append(p.report.Grants, withoutSecrets(line))
	}
	return rows.Err()
}

// secret is how the servers print what an account authenticates with: a hash
// is as good as a password to those who can crack it.
var secret = regexp.MustCompile(`(?i) (IDENTIFIED (BY|VIA|WITH)|REQUIRE) .*$`)

func withoutSecrets(grant string) string { return secret.ReplaceAllString(grant, "") }

// grantLine takes a line of SHOW GRANTS apart: what, on what.
var grantLine = regexp.MustCompile(`(?i)^GRANT (.+) ON (?:TABLE )?(\S+) TO `)

// granted reports whether SHOW GRANTS names a privilege on the whole database.
func (p *patient) granted(privilege string) bool {
	for _, line := range p.report.Grants {
		m := grantLine.FindStringSubmatch(line)
		if m == nil || !p.covers(m[2]) {
			continue
		}
		var names []string
		for name := range strings.SplitSeq(strings.ToUpper(m[1]), ",") {
			names = append(names, strings.TrimSpace(name))
		}
		if slices.Contains(names, "ALL PRIVILEGES") || slices.Contains(names, privilege) {
			return true
		}
	}
	return false
}

// covers reports whether a grant's level takes in the whole database. In such a
// level _ and % are wildcards unless a backslash stands before them.
func (p *patient) covers(level string) bool {
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
	matched, err := regexp.MatchString("^(?i:"+pattern.String()+")$", p.report.Database)
	return err == nil && matched
}
