package review

import "strings"

// PlanDDL returns the fix that has DDL carried out behind the gates of a change
// of the schema alone: the command that plans it and the change file that it
// would write, named after the rule and the object.
func (p *Pass) PlanDDL(object, sql string) Fix {
	return p.withFile(CommandFix(sql), p.altered(p.Rule.Name+" "+object, sql, "written without the database; underpin plan looks at rows and schema"))
}

// CommandFix returns the fix that is a command alone, for what cannot be derived
// without the database.
func CommandFix(sql string) Fix {
	return Fix{DDL: sql, Description: "carry it out behind gates: underpin plan '" + strings.ReplaceAll(sql, "'", `'\''`) + "'"}
}
