// Package report writes what a review found, in the forms in which people and
// machines take it: text for a terminal, JSON, SARIF for code scanning, GitHub
// annotations, JUnit, and one Markdown summary for a comment.
//
// A finding has the same name in all of them. None of them drops a finding
// without saying how many.
package report
