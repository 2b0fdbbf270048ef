package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/underpin-db/underpin/internal/demo/history"
)

// seedStamp is the updated_at of every seeded row, in seconds since 1970: a
// backfill that moved it would show.
const seedStamp = 1_600_000_000

// seedRow is the row that the table begins with under a key. It is computed and
// not stored, so that the recorder knows what a row was whoever asks.
func seedRow(key uint64) history.Row {
	return history.Row{
		Value: history.Source(seedName(key)), Mail: fmt.Sprintf("user%d@example.com", key),
		Visits: key % 7, Stamp: seedStamp,
	}
}

// seedName gives every 17th row something odd; all others have two words.
func seedName(key uint64) *string {
	first := []string{"Ada", "Grace", "Barbara", "Edsger", "Niklaus", "Donald", "Radia", "Leslie", "Jim", "Pat"}[key%10]
	last := fmt.Sprintf("Number%d", key)
	name := first + " " + last
	if key%17 != 0 {
		return &name
	}
	switch key / 17 % 10 {
	case 0:
		return nil
	case 1:
		name = ""
	case 2:
		name = last
	case 3:
		name = first + " van der " + last
	case 4:
		name = first + " 🙂 " + last
	case 5:
		name = " " + first + " " + last
	case 6:
		name = first + " " + last + "  "
	case 7:
		name = first + "   " + last
	case 8:
		name = "Zoë\t" + last
	case 9:
		name = "  "
	}
	return &name
}

// sourceName is a name that an old-shape release writes. All but the rarest
// hold the token, which nobody ever writes a second time.
func sourceName(r *rand.Rand, token string) history.Value {
	odd := []string{
		token, "Ada " + token, "Ada Grace van der " + token, "Zoë 🙂 " + token,
		" Ada " + token, "Ada   " + token, "Ada " + token + "  ", token + " Lee",
	}
	switch n := r.IntN(40); n {
	case 0:
		return history.Source(nil)
	case 1:
		empty := ""
		return history.Source(&empty)
	default:
		return history.Source(&odd[n%len(odd)])
	}
}

// targetName is a name that a new-shape release writes. Half of them do not
// survive joining and splitting again.
func targetName(r *rand.Rand, token string) history.Value {
	text := func(s string) *string { return &s }
	switch r.IntN(9) {
	case 0:
		return history.Target(text("Mary Ann"), text(token))
	case 1:
		return history.Target(text("Mary Ann "+token), text("Lee"))
	case 2:
		return history.Target(&token, nil)
	case 3:
		return history.Target(nil, &token)
	case 4:
		return history.Target(text(""), &token)
	case 5:
		return history.Target(text(" "+token), text("Lee "))
	case 6:
		return history.Target(text("Zoë 🙂"), &token)
	case 7:
		return history.Target(text(token), text("van der Lee"))
	}
	return history.Target(text("Ada"), &token)
}
