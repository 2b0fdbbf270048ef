package querykiller

import "strings"

// kinds are the keywords that tell the kind of a statement alone.
var kinds = map[string]Kind{
	"INSERT": KindDML, "UPDATE": KindDML, "DELETE": KindDML, "REPLACE": KindDML,

	"ALTER": KindDDL, "CREATE": KindDDL, "DROP": KindDDL, "RENAME": KindDDL, "TRUNCATE": KindDDL,
	"OPTIMIZE": KindDDL, "REPAIR": KindDDL, "CHECK": KindDDL, "IMPORT": KindDDL,

	"CALL": KindCall, "EXECUTE": KindCall, "DO": KindCall,

	"BACKUP": KindAdmin, "CLONE": KindAdmin, "FLUSH": KindAdmin, "LOCK": KindAdmin, "UNLOCK": KindAdmin,
	"KILL": KindAdmin, "GRANT": KindAdmin, "REVOKE": KindAdmin, "CHANGE": KindAdmin, "STOP": KindAdmin,
	"RESET": KindAdmin, "PURGE": KindAdmin, "SHOW": KindAdmin, "INSTALL": KindAdmin, "UNINSTALL": KindAdmin,
	"USE": KindAdmin, "HELP": KindAdmin, "PREPARE": KindAdmin, "DEALLOCATE": KindAdmin, "CACHE": KindAdmin,
	"BINLOG": KindAdmin, "CHECKSUM": KindAdmin, "SHUTDOWN": KindAdmin, "RESTART": KindAdmin,

	"COMMIT": KindTx, "ROLLBACK": KindTx, "SAVEPOINT": KindTx, "RELEASE": KindTx, "XA": KindTx,
}

// queries are the keywords of statements that an EXPLAIN or a WITH may precede.
var queries = map[string]Kind{
	"SELECT": KindSelect, "TABLE": KindSelect, "VALUES": KindSelect,
	"INSERT": KindDML, "UPDATE": KindDML, "DELETE": KindDML, "REPLACE": KindDML,
}

// maxNesting bounds SET STATEMENT … FOR SET STATEMENT … FOR.
const maxNesting = 8

// KindOf returns the kind of a statement by its keywords. The text may be cut,
// and need not be valid UTF-8. A text that can be read in two ways, for example
// because of versioned comments, is [KindOther]; one without a keyword is
// [KindNone]. It is linear in the text.
func KindOf(text string) Kind {
	kind := KindNone
	for _, d := range dialects(text) {
		k := (&lexer{dialect: d, text: text}).statement(0)
		if k != KindNone && kind != KindNone && k != kind {
			return KindOther
		}
		if k != KindNone {
			kind = k
		}
	}
	return kind
}

// statement reads the kind of the statement that begins here.
func (l *lexer) statement(depth int) Kind {
	t, ok := l.code()
	for ok && (t.text == "(" || t.text == ";") {
		t, ok = l.code()
	}
	switch {
	case !ok:
		return KindNone
	case t.kind != tokenWord, depth > maxNesting:
		return KindOther
	}
	word := strings.ToUpper(t.text)
	if k, ok := kinds[word]; ok {
		return k
	}
	switch word {
	case "SELECT", "TABLE", "VALUES":
		return l.query()
	case "WITH":
		return l.after(l.keyword(queries))
	case "EXPLAIN", "DESCRIBE", "DESC":
		return l.explain()
	case "ANALYZE":
		return l.analyze()
	case "SET":
		return l.set(depth)
	}
	return l.pair(word)
}

// pairs are the statements whose second word tells their kind; "" is any other.
var pairs = map[string]map[string]Kind{
	"START": {"TRANSACTION": KindTx, "": KindAdmin},
	"BEGIN": {"NOT": KindCall, "": KindTx},
	"LOAD":  {"DATA": KindDML, "XML": KindDML, "": KindAdmin},
}

// pair reads the second word of a statement.
func (l *lexer) pair(first string) Kind {
	seconds, ok := pairs[first]
	if !ok {
		return KindOther
	}
	t, _ := l.code()
	if k, ok := seconds[strings.ToUpper(t.text)]; ok {
		return k
	}
	return seconds[""]
}

// keyword moves to the next of the words outside parentheses and returns it.
func (l *lexer) keyword(words map[string]Kind) string {
	depth := 0
	for {
		t, ok := l.code()
		switch {
		case !ok:
			return ""
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case t.kind == tokenWord && depth <= 0:
			if word := strings.ToUpper(t.text); words[word] != KindNone {
				return word
			}
		}
	}
}

// after returns the kind of a query or change that begins with the word.
func (l *lexer) after(word string) Kind {
	switch k := queries[word]; k {
	case KindNone:
		return KindOther
	case KindSelect:
		return l.query()
	default:
		return k
	}
}

// query reads on after SELECT: with FOR UPDATE or INTO it is more than a read.
func (l *lexer) query() Kind {
	var last token
	for {
		t, ok := l.code()
		switch {
		case !ok:
			return KindSelect
		case t.is("INTO"), t.is("UPDATE") && last.is("FOR"):
			return KindDML
		}
		last = t
	}
}

// explain reads on after EXPLAIN: only with ANALYZE the statement is executed.
func (l *lexer) explain() Kind {
	for {
		t, ok := l.code()
		switch {
		case !ok:
			return KindAdmin
		case t.is("ANALYZE"):
			return l.explained()
		case t.is("WITH"), t.kind == tokenWord && queries[strings.ToUpper(t.text)] != KindNone:
			return KindAdmin
		}
	}
}

// explained reads the statement that an EXPLAIN ANALYZE, or MariaDB's ANALYZE,
// executes.
func (l *lexer) explained() Kind {
	for {
		t, ok := l.code()
		word := strings.ToUpper(t.text)
		switch {
		case !ok:
			return KindOther
		case t.is("WITH"):
			return l.after(l.keyword(queries))
		case t.kind == tokenWord && queries[word] != KindNone:
			return l.after(word)
		}
	}
}

// analyze tells ANALYZE TABLE from MariaDB's ANALYZE SELECT.
func (l *lexer) analyze() Kind {
	start := l.pos
	t, _ := l.code()
	if t.is("TABLE") || t.is("TABLES") || t.is("LOCAL") || t.is("NO_WRITE_TO_BINLOG") {
		return KindDDL
	}
	l.pos = start
	return l.explained()
}

// set tells SET from MariaDB's SET STATEMENT … FOR, which runs another.
func (l *lexer) set(depth int) Kind {
	if t, ok := l.code(); !ok || !t.is("STATEMENT") {
		return KindAdmin
	}
	if l.keyword(map[string]Kind{"FOR": KindOther}) == "" {
		return KindOther
	}
	return l.statement(depth + 1)
}
