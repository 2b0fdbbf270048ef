// Package sarif writes findings as a SARIF 2.1.0 document, the form in which
// GitHub code scanning, GitLab, editors and security tools take the results of
// a static analysis: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
//
// [Write] takes the few things that a tool of this house has to say and knows
// the rest: the wire form is not part of the API. The tests hold what it writes
// against the schema that OASIS publishes.
//
// # What GitHub takes
//
// Code scanning takes 20 runs in a file, 25 000 results in a run of which it
// shows 5 000, 25 000 rules, 20 tags on a rule, and 10 MB of compressed file
// (https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
// It rejects a file that has more of some and drops the rest of others. Write
// keeps to the limits: it leaves out the least severe results and says in the
// document how many.
//
// A result is recognised from one upload to the next by its fingerprint, and
// its rule must be among the rules of its run.
package sarif
