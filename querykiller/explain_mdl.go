package querykiller

import "strings"

// mdl is a metadata lock that somebody has or waits for.
type mdl struct {
	kind, object string // TABLE, shop.orders
	mode         string // SHARED_READ …
	pending      bool
	owner        uint64
}

// The metadata locks on an object that a request waits for: those that others
// have, and those that others wait for and that go first. The tables are those
// of the servers' manuals and mdl.cc; MariaDB's differ in nothing that is asked
// here.
var (
	mdlGranted = map[string][]string{
		"SHARED":                {"EXCLUSIVE"},
		"SHARED_HIGH_PRIO":      {"EXCLUSIVE"},
		"SHARED_READ":           {"SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_WRITE":          {"SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_WRITE_LOW_PRIO": {"SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_UPGRADABLE":     {"SHARED_UPGRADABLE", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_READ_ONLY":      {"SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_NO_WRITE": {"SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_UPGRADABLE", "SHARED_NO_WRITE",
			"SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_NO_READ_WRITE": {"SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_UPGRADABLE", "SHARED_READ_ONLY",
			"SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"INTENTION_EXCLUSIVE": {"SHARED", "EXCLUSIVE"},
	}
	mdlPending = map[string][]string{
		"SHARED":                {"EXCLUSIVE"},
		"SHARED_READ":           {"SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_WRITE":          {"SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_WRITE_LOW_PRIO": {"SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_UPGRADABLE":     {"EXCLUSIVE"},
		"SHARED_READ_ONLY":      {"SHARED_NO_READ_WRITE", "EXCLUSIVE"},
		"SHARED_NO_WRITE":       {"EXCLUSIVE"},
		"SHARED_NO_READ_WRITE":  {"EXCLUSIVE"},
		"INTENTION_EXCLUSIVE":   {"SHARED", "EXCLUSIVE"},
	}
)

// scoped are the kinds of metadata lock that are not on a table: there SHARED
// keeps off whoever wants to change anything.
func scoped(kind string) bool {
	return kind == "GLOBAL" || kind == "COMMIT" || kind == "SCHEMA" || strings.HasPrefix(kind, "BACKUP") || kind == "TABLESPACE"
}

// keepsOut reports whether the request has to wait for the other lock.
func (m mdl) keepsOut(request mdl) bool {
	if m.owner == request.owner || m.kind != request.kind || m.object != request.object {
		return false
	}
	if request.mode == "EXCLUSIVE" {
		return !m.pending
	}
	if scoped(m.kind) && request.mode == "SHARED" {
		return !m.pending && m.mode != "SHARED"
	}
	table := mdlGranted
	if m.pending {
		table = mdlPending
	}
	for _, mode := range table[request.mode] {
		if m.mode == mode {
			return true
		}
	}
	return false
}

// mdlWaits finds out who waits for whom.
func mdlWaits(w *waits, locks []mdl) {
	for _, request := range locks {
		if !request.pending {
			continue
		}
		for _, other := range locks {
			if other.keepsOut(request) {
				w.add(request.owner, Block{Session: other.owner, Lock: LockMetadata, Object: request.object})
			}
		}
	}
}
