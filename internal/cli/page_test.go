package cli

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestTablesAlignWhateverTheColour(t *testing.T) {
	for _, s := range []style{plain, colour} {
		p := newPage(s)
		p.table("  ", [][]string{{p.bold("a"), "1"}, {"日本", p.good("2")}, {"", "3"}})
		require.Equal(t, "  a     1\n  日本  2\n        3\n", unpainted(p.b.String()))
	}
}

func TestNothingSteersTheTerminal(t *testing.T) {
	require.Equal(t, "a�[2Jb\n", harmless("a\x1b[2Jb\n"))
	require.Equal(t, "\x1b[31mred\x1b[0m", harmless("\x1b[31mred\x1b[0m"))
	require.Equal(t, "�]0;title�", harmless("\x1b]0;title\x07"))
	require.Equal(t, "user�nimda", harmless("user\u202enimda"))
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range unpainted(harmless(rapid.String().Draw(t, "text"))) {
			require.False(t, r != '\n' && unicode.IsControl(r), "%U", r)
		}
	})
}

// pictureOf draws the line of phases without colours.
func pictureOf(phase migrate.Phase) []string {
	p := newPage(plain)
	p.picture(engine.Status{Phase: phase})
	return strings.Split(p.b.String(), "\n")
}

func TestPicture(t *testing.T) {
	require.Equal(t, []string{
		"  planned         dual_write      verified        new_only        closed",
		"  ●───────●───────●───────◆───────○───────○───────○───────○───────○",
		"          expanded        backfilling     read_new        contracted",
		"",
	}, pictureOf(migrate.Backfilling))
	require.Equal(t, "  ●───────●───────●───────●───────●───────●──◀─◀──◆───────○───────○", pictureOf(migrate.Reversing)[1])
	for _, phase := range migrate.Phases() {
		require.Equal(t, 1, strings.Count(pictureOf(phase)[1], "◆"), phase)
	}
}

func TestWords(t *testing.T) {
	require.Equal(t, "1 row", count(1, "row"))
	require.Equal(t, "1 234 567 rows", count(uint64(1234567), "row"))
	require.Equal(t, "0 entries", count(0, "entry"))
	require.Equal(t, "-1 000", grouped(int64(-1000)))
	require.Equal(t, "999 ms", ago(999*time.Millisecond))
	require.Equal(t, "2 min 5 s", ago(125*time.Second))
	require.Equal(t, "3 days", ago(73*time.Hour))
	require.Equal(t, "0.25 %", percent(25))
	require.Equal(t, "100 %", percent(migrate.RampFull))
	require.Equal(t, "1.5 KiB", size(1536))
	require.Equal(t, "a b…", cut("a\n  b c", 4))
}

func TestEveryGuardSaysWhatToDo(t *testing.T) {
	for _, course := range migrate.Courses() {
		for _, edge := range course.Edges() {
			for _, guard := range edge.Guards {
				v, st := engine.Verdict{Guard: guard}, engine.Status{Change: "x"}
				if edge.Direction == migrate.Forward {
					require.NotEmpty(t, todo(v, st, edge.To, again("apply", "x", "")), guard)
					continue
				}
				text := todo(v, st, edge.To, again("rollback", "x", migrate.Planned))
				require.Contains(t, text, "underpin rollback x --to planned", guard)
				require.NotContains(t, text, "underpin apply", "a way back does not go on")
			}
		}
	}
	for _, guard := range []migrate.Guard{engine.GuardSignatures, engine.GuardRampHeld} { // beside the table
		require.NotEmpty(t, todo(engine.Verdict{Guard: guard}, engine.Status{Change: "x"}, migrate.Contracted, again("apply", "x", "")), guard)
	}
}

func TestWhatToDoFitsTheRefusal(t *testing.T) {
	named := []fleet.Blocker{{Connection: 7, User: "app@%"}}
	quarantined := engine.Status{Change: "x", Copy: &backfill.Progress{Quarantined: 1}}
	differs := engine.Status{Change: "x", Verification: &backfill.Report{Chunks: 1, Quarantined: 1}}
	for _, test := range []struct {
		v    engine.Verdict
		st   engine.Status
		want string
	}{
		{engine.Verdict{Guard: migrate.GuardBackfilled}, engine.Status{Change: "x"}, "underpin apply x does it"},
		{engine.Verdict{Guard: migrate.GuardBackfilled}, quarantined, "mend the rows that underpin status x lists, then underpin apply x"},
		{engine.Verdict{Guard: migrate.GuardVerified}, engine.Status{Change: "x"}, "underpin apply x does it"},
		{engine.Verdict{Guard: migrate.GuardVerified}, differs, "look with underpin verify x, mend with --repair, then underpin apply x"},
		{engine.Verdict{Guard: migrate.GuardNoStrangers, Blockers: named}, engine.Status{Change: "x"},
			"stop it; or, if it is not the application's, give your word: underpin fleet vouch --change x --user USER@HOST --why TEXT --for 24h"},
		{engine.Verdict{Guard: migrate.GuardNoStrangers}, engine.Status{Change: "x"},
			"grant PROCESS, or what else underpin doctor finds missing, then underpin apply x; or, if no code without the library is connected, " +
				"give your word: underpin fleet vouch --change x --user %@% --why TEXT --for 24h"},
	} {
		require.Equal(t, test.want, todo(test.v, test.st, migrate.Verified, again("apply", "x", "")))
	}
}
