package dualwrite

import "strings"

// kinds is a set of kinds of statements.
type kinds uint8

const (
	isQuery  kinds = 0
	isInsert kinds = 1 << iota
	isUpdate
	isDelete
	isOther // may write in any way
	isRefused
)

// writes reports whether such a statement changes rows for certain.
func (k kinds) writes() bool { return k&(isInsert|isUpdate|isDelete) != 0 }

// statementKinds is what a statement that begins with the word does. Whatever
// is not listed is refused: DDL, LOCK TABLES and their like commit the
// transaction before they run, and on MariaDB even when they fail.
var statementKinds = map[string]kinds{
	"SELECT": isQuery, "(": isQuery, "VALUES": isQuery, "TABLE": isQuery, "SHOW": isQuery, "EXPLAIN": isQuery,
	"DESC": isQuery, "DESCRIBE": isQuery, "DO": isQuery, "SAVEPOINT": isQuery, "RELEASE": isQuery,
	"INSERT": isInsert, "UPDATE": isUpdate, "DELETE": isDelete,
	"REPLACE": isOther, "WITH": isOther, "CALL": isOther,
	"ROLLBACK": isOther, // only TO a savepoint, see kindOf
	"SET":      isOther, // only user variables, see kindOf
}

// kindOf returns what a statement does by its first word, and that word.
func kindOf(query string) (kind kinds, word string) {
	word, rest := firstWord(query)
	kind, ok := statementKinds[word]
	switch {
	case !ok:
		return isRefused, word
	case word == "ROLLBACK":
		if next, _ := firstWord(rest); next != "TO" && next != "WORK" {
			return isRefused, word
		}
		if next, more := firstWord(rest); next == "WORK" {
			if next, _ = firstWord(more); next != "TO" {
				return isRefused, word
			}
		}
		return isQuery, word
	case word == "SET":
		// SET autocommit = 1 commits; a user variable begins with @ and no
		// second one.
		rest = skipSpace(rest)
		if !strings.HasPrefix(rest, "@") || strings.HasPrefix(rest, "@@") || strings.Contains(strings.ToLower(rest), "autocommit") {
			return isRefused, word
		}
		return isQuery, word
	}
	return kind, word
}

// firstWord returns the first word in upper case, behind white space and
// comments, and what follows it. A comment that the server would execute is
// not skipped.
func firstWord(query string) (word, rest string) {
	s := skipSpace(query)
	if strings.HasPrefix(s, "(") {
		return "(", s[1:]
	}
	end := 0
	for end < len(s) && (isLetter(s[end]) || s[end] == '_') {
		end++
	}
	if end == 0 {
		return strings.ToUpper(s[:min(len(s), 3)]), s
	}
	return upper(s[:end]), s[end:]
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// upper does not allocate for a word that is in upper case already.
func upper(word string) string { return strings.ToUpper(word) }

func skipSpace(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n;")
		switch {
		case strings.HasPrefix(s, "#"), strings.HasPrefix(s, "-- "), strings.HasPrefix(s, "--\t"), strings.HasPrefix(s, "--\n"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*") && !strings.HasPrefix(s, "/*!") && !strings.HasPrefix(s, "/*M!"):
			_, s, _ = strings.Cut(s[2:], "*/")
		default:
			return s
		}
	}
}
