package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/underpin-db/underpin/internal/control"
)

// everybody is the pattern that covers every account.
const everybody = "%@%"

// preparedUser stands for the account of a prepared transaction.
const preparedUser = "xa@prepared"

// Definitions stands for the triggers, events and routines that a user does not
// see, where the word is that none of them names what a change drops. It has to be
// spelled out: %@% is about connections.
const Definitions = "definitions@hidden"

// VouchFor is how long a word holds if it does not say.
const VouchFor = 24 * time.Hour

// Word is an operator's word that the connections of an account do not write
// the change's tables, or use the library.
type Word struct {
	Change string
	// User is user@host as the process list shows it, without the port; % is
	// any text: monitoring@%. %@% is everybody; it also answers for sessions
	// that the server does not show. [Definitions] is no account.
	User string
	// Who says so, and Why. Both are part of the record.
	Who, Why string
	// Until is when the word lapses. Defaults to 24 hours from now.
	Until time.Time
}

// ErrInvalidWord says that a word is not one that can be recorded.
var ErrInvalidWord = errors.New("the word cannot be recorded")

// Vouch records an operator's word, in the audit too. It returns
// [control.ErrNoChange] if there is no such change.
func Vouch(ctx context.Context, db *sql.DB, w Word) error {
	if w.Until.IsZero() {
		w.Until = time.Now().Add(VouchFor)
	}
	if err := w.check(); err != nil {
		return err
	}
	v := control.Vouch{Change: w.Change, User: w.User, Who: w.Who, Why: w.Why, Until: w.Until.UTC()}
	err := transact(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := control.Setting(ctx, tx, w.Change); err != nil {
			return err
		}
		if err := control.AddVouch(ctx, tx, v); err != nil {
			return err
		}
		detail := map[string]any{"user": v.User, "why": v.Why, "until": v.Until}
		return control.Audit(ctx, tx, v.Who, v.Change, "vouch", detail)
	})
	if err != nil {
		return fmt.Errorf("vouch for %s: %w", w.User, err)
	}
	return nil
}

func (w Word) check() error {
	if strings.Count(w.User, "@") == 0 {
		return fmt.Errorf("%w: write the account as user@host, with %% for any text, not %q", ErrInvalidWord, w.User)
	}
	for _, f := range []struct{ name, value string }{{"account", w.User}, {"name of who says so", w.Who}, {"reason", w.Why}} {
		if n := utf8.RuneCountInString(f.value); n == 0 || n > 255 {
			return fmt.Errorf("%w: its %s has to have between 1 and 255 characters", ErrInvalidWord, f.name)
		}
	}
	if !w.Until.After(time.Now()) {
		return fmt.Errorf("%w: it would have lapsed on %s", ErrInvalidWord, w.Until.Format(time.RFC3339))
	}
	return nil
}

// matches reports whether text is what the pattern says; % is any text.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return pattern == text
	}
	last := len(parts) - 1
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
