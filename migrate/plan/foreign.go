package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Foreign is the foreign keys of a source that contract drops, and what becomes
// of them. The target gets the same ones, under names of its own: the servers
// want them unique within the database.
//
// Foreign keys work inside the server, where no mirror sees them, and while the
// units of the application are under way: the mirror comes at their end. So the
// two tables must not both refuse a change of a parent, and must cascade alike:
//
//   - One side has a key as it was declared: the source until new_only, the
//     target from there on. It is the side that is never stale, so it refuses
//     what the declaration refuses, and nothing else.
//   - The other side has one that only follows, if the declared one acts on rows
//     at all. It does what the declared one does, and where that one would
//     refuse, it deletes or changes its rows along: rows that the declared side
//     does not have refer to nothing that anybody counts on.
//   - Where the declared one only refuses, the other side has none: its rows
//     follow those of the declared side.
//
// A parent's change then reaches both rows of a pair in one statement, and rows
// that have gone stale on a side that nobody writes are in nobody's way. Both
// sides need the same values in the columns of the key, and a pair whose row was
// deleted by a cascade has to be the same when it is mirrored anew; the planner
// refuses what is not so.
//
// Nothing is recorded: the live schema says which are there.
type Foreign struct {
	Source string       `json:"source"`
	Target string       `json:"target"`
	Keys   []CarriedKey `json:"keys"`
}

// CarriedKey is one foreign key of the source.
type CarriedKey struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	// As is its name on the target and Into its columns there, which hold the
	// same values.
	As     string   `json:"as"`
	Into   []string `json:"into"`
	Parent string   `json:"parent"`
	Refers []string `json:"refers"`
	// OnDelete and OnUpdate are what a change of the parent does.
	OnDelete ForeignRule `json:"on_delete,omitempty"`
	OnUpdate ForeignRule `json:"on_update,omitempty"`
}

// ForeignRule is what a foreign key does about a change of the parent. Empty is what
// the server does by default, which is to refuse.
type ForeignRule string

// The rules.
const (
	RuleRestrict ForeignRule = "RESTRICT"
	RuleNoAction ForeignRule = "NO ACTION"
	RuleCascade  ForeignRule = "CASCADE"
	RuleSetNull  ForeignRule = "SET NULL"
)

// carriedRules are those that can be taken over.
var carriedRules = []ForeignRule{"", RuleRestrict, RuleNoAction, RuleCascade, RuleSetNull}

// acts reports whether the rule changes rows rather than to refuse.
func (r ForeignRule) acts() bool { return r == RuleCascade || r == RuleSetNull }

// following is the rule of a key that never refuses.
func (r ForeignRule) following() ForeignRule {
	if r.acts() {
		return r
	}
	return RuleCascade
}

// Acts reports whether the key ever changes rows by itself.
func (k CarriedKey) Acts() bool { return k.OnDelete.acts() || k.OnUpdate.acts() }

// holder is the side that has the keys as declared in a phase.
func holder(p migrate.Phase) migrate.Shape {
	if p == migrate.OnlyNew || p == migrate.Reversing {
		return migrate.TargetShape
	}
	return migrate.SourceShape
}

// other is the other shape.
func other(s migrate.Shape) migrate.Shape {
	if s == migrate.SourceShape {
		return migrate.TargetShape
	}
	return migrate.SourceShape
}

// table is the table of a side.
func (f *Foreign) table(s migrate.Shape) string {
	if s == migrate.SourceShape {
		return f.Source
	}
	return f.Target
}

// declared is the key on a side as it was declared.
func (f *Foreign) declared(k CarriedKey, s migrate.Shape) foreignKey {
	out := foreignKey{
		name: k.Name, table: f.Source, columns: k.Columns, parent: k.Parent, refers: k.Refers,
		onDelete: k.OnDelete, onUpdate: k.OnUpdate,
	}
	if s == migrate.TargetShape {
		out.name, out.table, out.columns = k.As, f.Target, k.Into
	}
	return out
}

// follower is the key on a side that only follows; ok is false where none does.
func (f *Foreign) follower(k CarriedKey, s migrate.Shape) (out foreignKey, ok bool) {
	out = f.declared(k, s)
	out.name = named(out.name + "_following")
	out.onDelete, out.onUpdate = out.onDelete.following(), out.onUpdate.following()
	return out, k.Acts()
}

// wanted returns which form of a key a side has, and which it has not, while
// one of the sides holds the keys.
func (f *Foreign) wanted(k CarriedKey, s, holds migrate.Shape) (want, not []foreignKey) {
	want = append(want, f.declared(k, s))
	if follower, does := f.follower(k, s); does {
		not = append(not, follower)
	}
	if s != holds {
		want, not = not, want
	}
	return want, not
}

// standing says which foreign keys a table has, by table and name.
type standing map[[2]string]foreignKey

func (st standing) add(f foreignKey) { st[st.key(f)] = f }

func (st standing) has(f foreignKey) bool {
	_, ok := st[st.key(f)]
	return ok
}

func (standing) key(f foreignKey) [2]string {
	return [2]string{strings.ToLower(f.table), strings.ToLower(f.name)}
}

// statements returns what brings the keys that stand to where they belong while
// one side holds them: that side first, so that there is no moment in which
// neither refuses. leave says which keys are let alone.
func (f *Foreign) statements(st standing, holds migrate.Shape, leave func(CarriedKey) bool) []Statement {
	var out []Statement
	for _, side := range []migrate.Shape{holds, other(holds)} {
		var drop, add []foreignKey
		for _, k := range f.Keys {
			if leave(k) {
				continue
			}
			want, not := f.wanted(k, side, holds)
			drop = append(drop, slices.DeleteFunc(not, func(c foreignKey) bool { return !st.has(c) })...)
			add = append(add, slices.DeleteFunc(want, st.has)...)
		}
		if len(drop)+len(add) > 0 {
			out = append(out, rebinding(f.table(side), drop, add))
		}
	}
	return out
}

// rebinding is the statement that drops and adds foreign keys of a table. With
// the checks of this one session off the server does it in place, while writers
// go on, and does not look at the rows: those that are there have been held to
// the same key all the time, on this side or by their pairs on the other.
func rebinding(table string, drop, add []foreignKey) Statement {
	s := Statement{Kind: AlterTable, Table: table}
	var clauses []string
	for _, c := range drop {
		clauses = append(clauses, "DROP FOREIGN KEY "+mysqlx.Quote(c.name))
		s.Effects = append(s.Effects, Effect{Kind: ConstraintAbsent, Table: table, Name: c.name})
	}
	for _, c := range add {
		clauses = append(clauses, "ADD "+c.definition())
		s.Effects = append(s.Effects, Effect{Kind: ConstraintExists, Table: table, Name: c.name})
		s.Session = []string{"foreign_key_checks"}
	}
	for _, c := range slices.Concat(drop, add) {
		if !slices.Contains(s.Parents, c.parent) {
			s.Parents = append(s.Parents, c.parent)
		}
	}
	s.SQL = "ALTER TABLE " + mysqlx.Quote(table) + " " + strings.Join(clauses, ", ")
	return s
}

// definition is the key as DDL.
func (f foreignKey) definition() string {
	text := fmt.Sprintf("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s)",
		mysqlx.Quote(f.name), mysqlx.QuoteList("", f.columns), mysqlx.Quote(f.parent), mysqlx.QuoteList("", f.refers))
	if f.onDelete != "" {
		text += " ON DELETE " + string(f.onDelete)
	}
	if f.onUpdate != "" {
		text += " ON UPDATE " + string(f.onUpdate)
	}
	return text
}

// same reports whether a live key is defined as this one.
func (f foreignKey) same(live foreignKey) bool {
	return strings.EqualFold(f.parent, live.parent) && live.elsewhere == "" &&
		slices.EqualFunc(f.columns, live.columns, strings.EqualFold) && slices.EqualFunc(f.refers, live.refers, strings.EqualFold) &&
		f.onDelete == live.onDelete && f.onUpdate == live.onUpdate
}

// untouched leaves no key alone.
func untouched(CarriedKey) bool { return false }

// asDeclared is what stands before anything was done.
func (f *Foreign) asDeclared() standing {
	st := standing{}
	for _, k := range f.Keys {
		st.add(f.declared(k, migrate.SourceShape))
	}
	return st
}

// Following returns the statements that make a new target follow the parents.
func (f *Foreign) Following() []Statement {
	return f.statements(f.asDeclared(), migrate.SourceShape, untouched)
}

// Passing returns the statements by which the target gets the keys as declared
// and the source stops refusing.
func (f *Foreign) Passing() []Statement {
	st := f.asDeclared()
	for _, k := range f.Keys {
		if c, ok := f.follower(k, migrate.TargetShape); ok {
			st.add(c)
		}
	}
	return f.statements(st, migrate.TargetShape, untouched)
}

// Returning returns the statements by which the source gets them back.
func (f *Foreign) Returning() []Statement {
	st := standing{}
	for _, k := range f.Keys {
		st.add(f.declared(k, migrate.TargetShape))
		if c, ok := f.follower(k, migrate.SourceShape); ok {
			st.add(c)
		}
	}
	return f.statements(st, migrate.SourceShape, untouched)
}

// carriedName is what a key of the source is called on the target. Names that the
// server made begin with the table's, and so do the new ones.
func carriedName(key, source, target string) string {
	if rest, ok := strings.CutPrefix(key, source+"_"); ok {
		return named(target + "_" + rest)
	}
	return named(key + "_" + target)
}

// named is a name that is not too long for the servers, and another for another.
func named(name string) string {
	r := []rune(name)
	if len(r) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "_" + hex.EncodeToString(sum[:6])
	return string(r[:maxName-len(tail)]) + tail
}

// maxName is how many characters a name may have on the servers.
const maxName = 64

// reread checks that the rules are rules: everything else of it is quoted.
func (f *Foreign) reread() error {
	for _, k := range f.Keys {
		for _, r := range []ForeignRule{k.OnDelete, k.OnUpdate} {
			if !slices.Contains(carriedRules, r) {
				return fmt.Errorf("%w: foreign key %q has a rule %q", ErrEdited, k.Name, r)
			}
		}
	}
	return nil
}

// foreignWords adds to the cell of a step what it does to foreign keys.
func (p *Plan) foreignWords(to migrate.Phase) string {
	f := p.Foreign
	if f == nil {
		return ""
	}
	switch to {
	case migrate.Expanded:
		if list := f.Following(); len(list) > 0 {
			return "<br>the new table follows the rows that it refers to: " + p.sqlCell(texts(list))
		}
	case migrate.OnlyNew:
		return "<br>before it is recorded, the foreign keys pass to the new table: " + p.sqlCell(texts(f.Passing())) +
			"<br>on the way back, once the source is rebuilt, they return: " + p.sqlCell(texts(f.Returning()))
	}
	return ""
}

// renderForeign writes what becomes of foreign keys.
func (p *Plan) renderForeign(b *strings.Builder) {
	if p.Foreign == nil {
		return
	}
	line(b, "## Foreign keys")
	line(b, "")
	for _, text := range p.Foreign.Words() {
		line(b, "- %s", text)
	}
	line(b, "")
}

// Words says in sentences what becomes of each foreign key, and what code has to
// know of it.
func (f *Foreign) Words() []string {
	var out, parents []string
	for _, k := range f.Keys {
		if parent := "`" + k.Parent + "`"; !slices.Contains(parents, parent) {
			parents = append(parents, parent)
		}
		out = append(out, fmt.Sprintf("`%s` (%s) to `%s` (%s), ON DELETE %s, ON UPDATE %s: `%s` has it until `new_only`, and `%s`, as `%s`, from there on; it is never missing, and rows that are there are not checked anew",
			k.Name, strings.Join(k.Columns, ", "), k.Parent, strings.Join(k.Refers, ", "), cmp.Or(k.OnDelete, RuleRestrict), cmp.Or(k.OnUpdate, RuleRestrict), f.Source, f.Target, k.As))
		if !k.OnDelete.acts() {
			out = append(out, f.obligation(k))
		}
		if k.Acts() {
			out = append(out, fmt.Sprintf("while rows are copied, a DELETE in `%s`, or another value of its key, can meet the copy of the rows that refer to it in a deadlock (error 1213), and is tried again, as after any deadlock", k.Parent))
		}
	}
	return append(out, fmt.Sprintf("moving the keys locks the metadata of %s as well, for an instant; a statement that does not get its lock gives way, and is tried again", strings.Join(parents, ", ")))
}

// obligation is what code of the target shape does about a key that refuses, while
// the source still has it.
func (f *Foreign) obligation(k CarriedKey) string {
	return fmt.Sprintf("in `read_new` a unit that writes `%[1]s`, and deletes there the last row that refers to a row of `%[2]s`, deletes that one in a unit after it: `%[3]s` still has the key and follows when the first is committed (error 1451 until then)",
		f.Target, k.Parent, f.Source)
}

// obligations are those of code of the target shape, as sentences to follow others.
func (p *Plan) obligations() string {
	var b strings.Builder
	if p.Foreign != nil {
		for _, k := range p.Foreign.Keys {
			if !k.OnDelete.acts() {
				b.WriteString(" Of foreign key `" + k.Name + "`: " + p.Foreign.obligation(k) + ".")
			}
		}
	}
	return b.String()
}
