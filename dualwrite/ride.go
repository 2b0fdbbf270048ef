package dualwrite

import "context"

// ride runs the first statements of the mirror with the fence joined into them.
// If they changed anything, the fence is taken, the setting is what was assumed,
// and done is true once the rest of the mirror has run too.
//
// If they changed nothing, either there was nothing to change or the setting has
// moved on, and if one failed, that may be because the plan it came from is
// gone. So the fence is taken by itself then, and the caller goes on by what
// that says. Nothing is lost by taking it late: no part of this transaction is
// visible before it commits, and it commits under the setting that its fence
// has read, with the rows that it wrote locked all the time.
func (t *Tx) ride(ctx context.Context, keys []Key) (done bool, err error) {
	if len(keys) == 0 {
		return false, t.begin(ctx)
	}
	assumed := t.setting
	m, err := t.newMirror(t.pending, keys)
	if err != nil {
		return false, err
	}
	idle := false
	if first := m.first(m.plan.riding); first != nil {
		// An epoch only rises. The plan's was the row's when it was read, so if
		// one of several statements still met it, all of them did.
		most, err := m.most(ctx, first)
		switch {
		case err != nil && costsTransaction(err):
			return false, m.explain(ctx, err)
		case err == nil && most > 0:
			t.pending = nil
			return true, m.explain(ctx, m.after(ctx, most))
		}
		idle = err == nil && m.column()
	}
	if err := t.begin(ctx); err != nil {
		return false, err
	}
	// Likewise: at the same epoch still, the statements found every pair in step.
	if idle && t.setting == assumed {
		return true, m.explain(ctx, m.check(ctx))
	}
	return false, nil
}

// after completes a mirror whose first statements changed rows.
func (m *mirror) after(ctx context.Context, most int64) error {
	if err := m.rest(ctx, most); err != nil {
		return err
	}
	return m.check(ctx)
}
