// Package review is the gate in front of a merge: it reads what a pull request
// changes in the schema and the data, and says what of it would break running
// code, lock, copy, lose data or grow slow, with the numbers of this database,
// and what to do instead.
//
// # How a review runs
//
//	source ──[]*Migration──▶ Run ──parse──▶ replay ──▶ rules ──▶ waivers ──▶ Report
//	 facts ───────*Facts────▶                  ▲
//	  code ──────*CodeIndex─▶        what is known of each table
//
// Package source finds the migrations and says of each whether it is under
// review or of the past. [Run] cuts them into [Statement]s and parses each once,
// replays them in their order on an empty schema, so that a statement knows its
// tables as they were before it ([Statement.Table]), and hands everything to the
// rules. A [Rule] looks at the whole input through a [Pass] and reports
// [Finding]s.
//
// # A rule
//
// Each rule is a file of package rules with an explanation and fixtures beside
// it:
//
//	func renameColumn() review.Rule {
//		return review.Rule{
//			Code: "RS101", Name: "rename-column", Category: review.Breaks, Severity: review.Error,
//			Summary: "a column gets another name while code that runs uses the old one",
//			Check:   checkRenameColumn,
//		}
//	}
//
//	func checkRenameColumn(p *review.Pass) {
//		for s, op := range p.Operations(ddl.RenameColumn) {
//			…
//			p.Report(s, review.Finding{Object: …, Message: …})
//		}
//	}
//
// What is made in the same set of migrations as the statement is empty and
// unknown to running code: [Statement.New] and [Statement.NewColumn] say so, and
// most rules are then silent. What hangs on the size of a table asks [Pass.Size]
// and [Pass.BySize]; what DDL costs on the server at hand, [Pass.Cost], which
// asks package ddl. What cannot be judged from what was given is not guessed:
// [Pass.NotChecked] puts it on a list in the report.
//
// # Never silent, never a crash
//
// What the parser does not know is a finding of its own, with its place
// ([Pass.Troubles]), and no rule passes over it as if it were harmless. Down
// parts are known as such and are not taken for what a release does.
//
// # Waivers
//
// A comment before a statement takes responsibility for a finding in it:
//
//	-- underpin:waive RS104 reason="archived in S3" owner=ann until=2026-12-31
//
// One without a reason does not hold, one that has expired does not hold, and
// one that lets nothing through is reported.
//
// # Signatures
//
// Where [Input.SignOffs] says that people are asked, a change of a cache's format
// is let through by their signatures, and by no waiver ([SignOff]). This package
// reads neither keys nor policy: package sign does.
package review
