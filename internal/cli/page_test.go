package cli

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
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
				require.NotEmpty(t, todo(guard, "x", edge.To), guard)
			}
		}
	}
	for _, guard := range []migrate.Guard{engine.GuardSignatures, engine.GuardRampHeld} { // beside the table
		require.NotEmpty(t, todo(guard, "x", migrate.Contracted), guard)
	}
}
