// Package sqlstore keeps flags in the control tables of a MySQL or MariaDB
// database: the store for a fleet.
//
// # Reading
//
// [Store] is a [flags.Source]. A poll is one short statement by keys, whether it
// finds changes or not, and returns what has changed since. So a thousand
// processes that poll every second cost about 1 540 such statements a second (a
// wait is between 0.45 and 0.85 of a second); docs/flags.md says what that is of a
// core.
//
// Every change raises one version under a row lock that is held until its COMMIT,
// so versions become visible in their order and none is skipped. Each version
// carries a token. A copy that stands at version 10 asks whether the server knows
// that very version 10; after a failover that lost changes it does not, and the
// copy is read anew instead of being patched with what it is not the base of.
//
// # Writing
//
// Changes go by compare-and-set on the version of the flag: of two operators who
// edit the same flag one gets [flags.ErrConflict]. The flag, the version and the
// entry in the audit (who, why, before, after) are one transaction.
//
// A process that evaluates flags needs SELECT on _underpin_flag,
// _underpin_flag_head and _underpin_flag_change, and INSERT and UPDATE on
// _underpin_flag_use if the use of flags is to be known. It cannot change flags.
package sqlstore
