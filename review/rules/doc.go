// Package rules holds the rules of the review gate: one in each file, with its
// explanation in Markdown and its fixtures in testdata beside it. [All] lists
// them.
//
// A code is RS and three digits: RS0xx text that was not understood, RS1xx
// what breaks running code, RS2xx locks and copies, RS3xx changes of data, RS4xx
// schema design (off until a team switches it on), RS5xx history and process,
// RS6xx cached values, RS7xx queries that grow slow, RS8xx waivers. A code is
// never given to another rule.
//
// Numbers that are left out: RS229, a table that is busy at this moment, is
// what underpin preflight looks at when it counts; RS323, a backfill that uses
// the application's models, is in the application's language and not in SQL;
// RS505, a plan that is not the one that was reviewed, is what sign-off is for,
// which binds a signature to the plan's hash. RS506, a waiver without a reason
// or an end, is what RS8xx find.
package rules
