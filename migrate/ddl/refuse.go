package ddl

import "strings"

// refusal is syntax that is known and refused by name: a sequence of words,
// where * is any one word, name or symbol.
type refusal struct {
	words string
	// anywhere is whether the sequence may stand anywhere outside
	// parentheses, and not only at the beginning.
	where   place
	problem string
	hint    string
}

type place int

const (
	atStart place = iota
	outside       // anywhere outside parentheses
	inside        // anywhere
)

const (
	hintChosen    = "leave it out: underpin chooses it for the server at hand"
	hintLive      = "leave it out: underpin looks at the live schema to see what is done already"
	hintVersioned = "change a system-versioned table by hand, with system_versioning_alter_history in mind"
	hintByHand    = "run it by hand, outside the change"
)

// refusals are tried in their order; the first that matches is given.
var refusals = []refusal{
	{"ALTER ONLINE", atStart, "it says ONLINE", hintChosen},
	{"ALTER OFFLINE", atStart, "it says OFFLINE", hintChosen},
	{"ALTER IGNORE", atStart, "ALTER IGNORE drops rows that do not fit, without a word", "leave IGNORE out, and deal with those rows first"},
	{"ALTER TABLE IF EXISTS", atStart, "it says IF EXISTS", hintLive},
	{"ALTER TABLE * NOWAIT", atStart, "it says NOWAIT", "leave it out: underpin bounds the wait for locks itself"},
	{"ALTER TABLE * WAIT", atStart, "it says WAIT", "leave it out: underpin bounds the wait for locks itself"},
	{"DROP INDEX * ON * WAIT", atStart, "it says WAIT", "leave it out: underpin bounds the wait for locks itself"},
	{"DROP INDEX * ON * NOWAIT", atStart, "it says NOWAIT", "leave it out: underpin bounds the wait for locks itself"},
	{"CREATE OR REPLACE TABLE", atStart, "CREATE OR REPLACE TABLE drops the table with its rows", "write DROP TABLE and CREATE TABLE"},
	{"CREATE OR REPLACE INDEX", atStart, "CREATE OR REPLACE INDEX is known to one server only", "write DROP INDEX and CREATE INDEX"},
	{"CREATE SEQUENCE", atStart, "sequences are not handled", hintByHand},
	{"CREATE OR REPLACE SEQUENCE", atStart, "sequences are not handled", hintByHand},
	{"ALTER SEQUENCE", atStart, "sequences are not handled", hintByHand},
	{"DROP SEQUENCE", atStart, "sequences are not handled", hintByHand},
	{"CREATE TEMPORARY", atStart, "a temporary table is gone with its connection", "create a table that stays"},
	{"DROP TEMPORARY", atStart, "a temporary table is gone with its connection", "leave it out"},
	{"ALTER VIEW", atStart, "ALTER VIEW is not handled", "write CREATE OR REPLACE VIEW"},
	{"CREATE TRIGGER", atStart, "triggers are not handled", hintByHand},
	{"CREATE EVENT", atStart, "events are not handled", hintByHand},
	{"CREATE FUNCTION", atStart, "routines are not handled", hintByHand},
	{"CREATE PROCEDURE", atStart, "routines are not handled", hintByHand},
	{"CREATE DEFINER", atStart, "a DEFINER is not handled", hintByHand},
	{"ADD SYSTEM VERSIONING", outside, "system versioning is not handled", hintVersioned},
	{"DROP SYSTEM VERSIONING", outside, "system versioning is not handled", hintVersioned},
	{"WITH SYSTEM VERSIONING", inside, "system versioning is not handled", hintVersioned},
	{"WITHOUT SYSTEM VERSIONING", inside, "system versioning is not handled", hintVersioned},
	{"BY SYSTEM_TIME", outside, "system versioning is not handled", hintVersioned},
	{"PERIOD FOR", inside, "periods are not handled", hintVersioned},
	{"WITHOUT OVERLAPS", inside, "periods are not handled", hintVersioned},
	{"CONVERT PARTITION", outside, "CONVERT PARTITION is known to one server only", "write EXCHANGE PARTITION"},
	{"CONVERT TABLE", outside, "CONVERT TABLE is known to one server only", "write EXCHANGE PARTITION"},
	{"SRID *", inside, "the attribute SRID is not handled", hintByHand},
	{"DROP COLUMN IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"DROP IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"DROP INDEX IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"DROP KEY IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"DROP CONSTRAINT IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"DROP FOREIGN KEY IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"COLUMN IF EXISTS", outside, "it says IF EXISTS", hintLive},
	{"COLUMN IF NOT EXISTS", outside, "it says IF NOT EXISTS", hintLive},
	{"INDEX IF NOT EXISTS", outside, "it says IF NOT EXISTS", hintLive},
	{"ALGORITHM = *", outside, "it says which ALGORITHM to use", hintChosen},
	{"LOCK = *", outside, "it says which LOCK to use", hintChosen},
}

// refuseWords refuses syntax by name. ALGORITHM is a different thing in a
// view, and there the parser has the word.
func (s *source) refuseWords(pc *piece) *SyntaxError {
	isView := false
	for i := range min(len(pc.tokens), 6) {
		isView = isView || pc.tokens[i].kind == tokenWord && pc.tokens[i].word == "VIEW"
	}
	for i := range pc.tokens {
		if i > 0 && pc.tokens[i-1].word == "." {
			continue // behind a point stands a name
		}
		for _, r := range refusals {
			if isView && strings.HasPrefix(r.words, "ALGORITHM") {
				continue
			}
			if r.matches(pc.tokens, i) {
				return s.refused(pc.offset+pc.tokens[i].from, r.hint, "%s", r.problem)
			}
		}
	}
	return nil
}

func (r *refusal) matches(tokens []token, i int) bool {
	if r.where == atStart && i > 0 || r.where == outside && tokens[i].depth > 0 {
		return false
	}
	rest := tokens[i:]
	for word := range strings.FieldsSeq(r.words) {
		if len(rest) == 0 || word != "*" && rest[0].word != word {
			return false
		}
		rest = rest[1:]
	}
	return true
}
