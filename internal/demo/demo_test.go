package demo

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"

	splitusername "github.com/underpin-db/underpin/examples/split-user-name"
)

// childRole is the environment variable by which this program, started again by
// a test, knows which process to play.
const childRole = "DEMO_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(playChild(role))
	}
	goleak.VerifyTestMain(m)
}

func TestTheChangeFileIsWell(t *testing.T) {
	f, err := plan.ParseFile("change.yaml", strings.NewReader(splitusername.ChangeFile()))
	require.NoError(t, err)
	require.Equal(t, changeName, f.Change.Text)
	require.Equal(t, serviceName, f.Service.Text)
	require.Equal(t, []string{userOf(releaseOld), userOf(releaseReady), userOf(releaseNew)}, f.Connections.Users)
	require.EqualValues(t, migrate.RampFull, f.Reads.Ramp[len(f.Reads.Ramp)-1])
}

// TestSlotsDivideTheRows: no row's name and no row's e-mail address has two
// owners, and the two have different ones as a rule.
func TestSlotsDivideTheRows(t *testing.T) {
	for _, rows := range []int{minRows, 5000, DefaultRows} {
		l := Config{Rows: rows}.layout()
		names, mails, cold := map[uint64]int{}, map[uint64]int{}, map[uint64]int{}
		own := func(owner map[uint64]int, key uint64, slot int) {
			had, owned := owner[key]
			if key < 1 || key > l.Seeds || owned && had != slot { // require would take seconds for so many
				t.Fatalf("row %d of 1 to %d is of slot %d, and of %d (%v)", key, l.Seeds, slot, had, owned)
			}
			owner[key] = slot
		}
		for slot := range l.Slots {
			for n := range 3 * l.Hot {
				i := l.hotOf(slot, n)
				require.Less(t, i, l.Hot)
				own(names, l.hot(i), slot)
				require.True(t, l.isHot(l.hot(i)))
				i = l.mailOf(slot, n)
				require.Less(t, i, l.Hot)
				own(mails, l.hot(i), slot)
				if key, ok := l.coldOf(slot, uint64(n*7)); ok {
					own(cold, key, slot)
					require.False(t, l.isHot(key))
				}
			}
		}
		require.Len(t, names, l.Hot)
		require.Len(t, mails, l.Hot)
		shared := 0
		for key, slot := range names {
			_, both := cold[key]
			require.False(t, both, "row %d is hot and cold", key)
			if mails[key] == slot {
				shared++
			}
		}
		require.LessOrEqual(t, shared, l.Hot/l.Slots)
	}
}

func TestSeedsAreOddEnough(t *testing.T) {
	var null, empty, one, four, emoji, leading, trailing, double bool
	for key := uint64(1); key <= minRows; key++ {
		r := seedRow(key)
		require.Equal(t, r, seedRow(key))
		n := r.Value.Name
		if n == nil {
			null = true
			continue
		}
		require.True(t, utf8.ValidString(*n))
		words := len(strings.Fields(*n))
		empty = empty || *n == ""
		one = one || words == 1
		four = four || words == 4
		emoji = emoji || strings.Contains(*n, "🙂")
		leading = leading || strings.HasPrefix(*n, " ")
		trailing = trailing || strings.HasSuffix(*n, " ")
		double = double || strings.Contains(strings.Trim(*n, " "), "  ")
	}
	require.True(t, null && empty && one && four && emoji && leading && trailing && double)
}

// TestNewNamesAreFiner: release r2 writes names that joining and splitting
// would change, or the demo shows nothing of mappings that are not one to one.
func TestNewNamesAreFiner(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	finer := 0
	for range 1000 {
		v := targetName(r, "r2/1-7")
		require.False(t, v.First == nil && v.Last == nil, "a name that is NULL altogether counts as never mapped")
		back := v.In(migrate.SourceShape).In(migrate.TargetShape)
		if !v.Shows(back) {
			finer++
		}
	}
	require.Greater(t, finer, 400)
	require.Less(t, finer, 900)
}

func TestEventsSurviveTheWire(t *testing.T) {
	for _, v := range []history.Value{
		{}, seedRow(0).Value, seedRow(17).Value, seedRow(17 * 4).Value,
		targetName(rand.New(rand.NewPCG(3, 4)), "x"), history.Target(nil, nil),
	} {
		text, err := json.Marshal(event{Kind: kindRead, Value: v})
		require.NoError(t, err)
		got, ok := decode(text)
		require.True(t, ok)
		require.Equal(t, v, got.Value)
	}
	_, ok := decode([]byte(`{"kind":"end","num`))
	require.False(t, ok, "a line cut by a kill is none")
}

// told is a recorder that has heard of one write of each kind and one read.
func told(t *testing.T, p *process, spoil func(n int, e *event)) *recorder {
	t.Helper()
	r := newRecorder(nil, minRows)
	name := history.Source(new(string))
	*name.Name = "Ada tok"
	for n, e := range []event{
		{Kind: kindBegin, Number: 1, Action: actionRename, Key: 5, Value: name, At: 10},
		{Kind: kindEnd, Number: 1, Key: 5, Answer: answerDone, At: 20},
		{Kind: kindBegin, Number: 2, Action: actionInsert, Value: name, Mail: "tok@example.com", At: 30},
		{Kind: kindEnd, Number: 2, Key: minRows + 1, Answer: answerDone, At: 40},
		{Kind: kindBegin, Number: 3, Action: actionSave, Key: 5, At: 50},
		{Kind: kindEnd, Number: 3, Key: 5, Value: name, Answer: answerDone, At: 60},
		{Kind: kindRead, Key: 5, Began: 70, At: 80, Value: name, Mail: seedRow(5).Mail, Visits: seedRow(5).Visits + 1},
		{Kind: kindBegin, Number: 4, Action: actionDelete, Key: minRows + 1, At: 90},
		{Kind: kindEnd, Number: 4, Key: minRows + 1, Answer: answerDone, At: 95},
	} {
		spoil(n, &e)
		text, err := json.Marshal(e)
		require.NoError(t, err)
		r.hear(p, text)
	}
	return r
}

// last is the table after told.
func last() map[uint64]history.Row {
	end := map[uint64]history.Row{}
	for key := uint64(1); key <= minRows; key++ {
		end[key] = seedRow(key)
	}
	r := end[5]
	name := "Ada tok"
	r.Value, r.Visits, r.Stamp = history.Source(&name).In(migrate.TargetShape), r.Visits+1, 99
	end[5] = r
	return end
}

// TestRecorder plants faults on the wire and in the table, and demands that the
// result is not clean; and that it is without them.
func TestRecorder(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(n int, e *event)
		end   func(map[uint64]history.Row)
		want  Result
	}{
		"right": {want: Result{Writes: 4, Reads: 1}},
		"a stale read": {spoil: func(n int, e *event) {
			e.Value = map[bool]history.Value{true: seedRow(5).Value, false: e.Value}[n == 6]
		}, want: Result{Writes: 4, Reads: 1, Wrong: 1}},
		"a stale save": {spoil: func(n int, e *event) {
			e.Value = map[bool]history.Value{true: seedRow(5).Value, false: e.Value}[n == 5]
		}, want: Result{Writes: 4, Reads: 1, Wrong: 1}},
		"a missed row":   {spoil: func(n int, e *event) { e.Answer = map[bool]answer{true: answerMissed, false: e.Answer}[n == 1] }, want: Result{Writes: 3, Reads: 1, Wrong: 3, Lost: 1}},
		"an error":       {spoil: func(n int, e *event) { e.Error = map[bool]string{true: "boom"}[n == 6] }, want: Result{Writes: 4, Errors: 1}},
		"a lost name":    {end: func(end map[uint64]history.Row) { r := end[5]; r.Value = seedRow(5).Value; end[5] = r }, want: Result{Writes: 4, Reads: 1, Lost: 1}},
		"a lost visit":   {end: func(end map[uint64]history.Row) { r := end[5]; r.Visits--; end[5] = r }, want: Result{Writes: 4, Reads: 1, Lost: 1}},
		"a lost row":     {end: func(end map[uint64]history.Row) { delete(end, 5) }, want: Result{Writes: 4, Reads: 1, Lost: 1}},
		"an undead row":  {end: func(end map[uint64]history.Row) { end[minRows+1] = end[5] }, want: Result{Writes: 4, Reads: 1, Lost: 3}},
		"a moved row":    {end: func(end map[uint64]history.Row) { r := end[6]; r.Stamp++; end[6] = r }, want: Result{Writes: 4, Reads: 1, Different: 1}},
		"a row from air": {end: func(end map[uint64]history.Row) { end[minRows+9] = seedRow(9) }, want: Result{Writes: 4, Reads: 1, Different: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.spoil == nil {
				c.spoil = func(int, *event) {}
			}
			r := told(t, &process{place: "r1/1"}, c.spoil)
			end := last()
			if c.end != nil {
				c.end(end)
			}
			var got Result
			got.judged(r.book.Judge(1000, maps.All(end)))
			got.Errors = r.failed
			require.Equal(t, c.want.Writes, got.Writes, got.Examples)
			require.Equal(t, c.want.Reads, got.Reads, got.Examples)
			require.Equal(t, c.want.Errors, got.Errors, got.Examples)
			require.Equal(t, []uint64{c.want.Lost, c.want.Wrong, c.want.Different}, []uint64{got.Lost, got.Wrong, got.Different}, got.Examples)
			clean := got
			clean.Phase, clean.Verified = migrate.Contracted, 1
			require.Equal(t, name == "right", clean.Clean())
		})
	}
}

func TestASlotIsHandedOverWithItsRows(t *testing.T) {
	r := told(t, &process{place: "r1/1"}, func(n int, e *event) {
		if n >= 7 { // not deleted
			e.Kind = kindReady + "?"
		}
	})
	require.Equal(t, slot{Number: 0, Inserted: []uint64{minRows + 1}}, r.slot(0))
	r = told(t, &process{place: "r1/1"}, func(int, *event) {})
	require.Equal(t, slot{Number: 0}, r.slot(0))
}

func TestPicture(t *testing.T) {
	var out bytes.Buffer
	line := newTimeline(&out, 100)
	second := int64(time.Second)
	line.phases = []visit{{migrate.Planned, 0}, {migrate.Expanded, 2 * second}, {migrate.DualWriting, 10 * second}, {migrate.Contracted, 38 * second}}
	line.marks = []mark{{signKill, 20 * second}, {signRefusal, 20 * second}}
	line.ended = 40 * second
	pace := tempo{}
	for i := range int64(400) {
		pace.add(i * second / 10)
	}
	draw(&out, line, &pace, 52)
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, "phase       p─e───────d───────────────────────────c─", lines[1])
	require.Equal(t, 12+20, strings.Index(lines[2], string(signKill)))
	require.Contains(t, lines[2], string(signKill)+string(signRefusal))
	require.Contains(t, lines[4], "10 s")
	require.Equal(t, []phaseTime{{migrate.Planned, 2000}, {migrate.Expanded, 8000}, {migrate.DualWriting, 28000}, {migrate.Contracted, 2000}}, line.times())
}

func TestReasonsNameEverybodyOnce(t *testing.T) {
	stranger := fleet.Blocker{Connection: 7, User: "app_r0@127.0.0.1", Reason: "it takes no fence"}
	other := stranger
	other.Connection = 8
	require.Equal(t, "no_strangers: 2 × connection of app_r0@127.0.0.1: it takes no fence",
		reason(engine.Verdict{Guard: migrate.GuardNoStrangers, Reason: "2 connections", Blockers: []fleet.Blocker{stranger, other}}))
	one := fleet.Blocker{Instance: "x", Release: "r1", Host: "h", PID: 3, Reason: "it cannot follow"}
	two := one
	two.PID = 4
	require.Equal(t, "fleet_supports: release r1 on h (pid 3), release r1 on h (pid 4): it cannot follow",
		reason(engine.Verdict{Guard: migrate.GuardFleetSupports, Blockers: []fleet.Blocker{one, two}}))
	require.Equal(t, "soaked: 3 s left", reason(engine.Verdict{Guard: migrate.GuardSoaked, Reason: "3 s left"}))
}

func TestNarration(t *testing.T) {
	var out bytes.Buffer
	line := newTimeline(&out, 60)
	line.begin()
	line.event(engine.Event{What: "transition", Phase: migrate.Expanded, Message: "planned → expanded", Millis: 3})
	line.event(engine.Event{What: "progress", Message: "not told"})
	require.Contains(t, out.String(), "planned → expanded, in 3 ms")
	require.NotContains(t, out.String(), "not told")
	require.Equal(t, []string{"  one two", "    three"}, wrap("  one two three", 10))
	require.Equal(t, []string{"alonewordthatislong"}, wrap("alonewordthatislong", 5))
}
