package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/underpin-db/underpin/internal/demo/history"
)

// The releases of the sample application.
const (
	releaseOld     = "r0" // has never heard of the change
	releaseReady   = "r1" // old shape through the library, can read the new one
	releaseNew     = "r2" // new shape through the library
	releaseIdleOld = "r0 idle"
)

// task is the first line on the standard input of a process of the
// application. A DSN holds a password, so it is not an argument.
type task struct {
	Release string `json:"release"`
	// Place is unique among the processes of a run; every token the process
	// writes begins with it.
	Place string `json:"place"`
	DSN   string `json:"dsn"`
	Table layout `json:"table"`
	Load  load   `json:"load"`
}

// layout divides the rows among the slots, the units of ownership: the name of
// a row is written by whoever holds its slot, so that its last writer is known.
type layout struct {
	Seeds uint64 `json:"seeds"`
	Slots int    `json:"slots"`
	// Hot is how many rows get most of the traffic.
	Hot int `json:"hot"`
}

// hot returns the key of the i-th hot row. They are spread over the table.
func (l layout) hot(i int) uint64 { return 1 + uint64(i)*(l.Seeds/uint64(l.Hot)) }

// isHot reports whether a key is one of the hot ones.
func (l layout) isHot(key uint64) bool {
	stride := l.Seeds / uint64(l.Hot)
	return (key-1)%stride == 0 && (key-1)/stride < uint64(l.Hot)
}

// coldOf returns the n-th key that belongs to a slot; ok is false if it is a
// hot one.
func (l layout) coldOf(slot int, n uint64) (key uint64, ok bool) {
	slots := uint64(l.Slots)
	key = 1 + uint64(slot) + slots*(n%(l.Seeds/slots))
	return key, !l.isHot(key)
}

// hotOf returns the index of the n-th hot row whose name belongs to a slot.
func (l layout) hotOf(slot, n int) int { return slot + l.Slots*(n%(l.Hot/l.Slots)) }

// mailOf returns the index of the n-th hot row whose e-mail address belongs to
// a slot: as a rule its name belongs to another.
func (l layout) mailOf(slot, n int) int {
	rounds := l.Hot / (l.Slots * l.Slots)
	return slot*l.Slots + (n/max(rounds, 1))%l.Slots + l.Slots*l.Slots*(n%max(rounds, 1))
}

// load is how busy a process is.
type load struct {
	Readers int `json:"readers"`
	// WritePause and ReadPause are how long a writer and a reader think between
	// two requests, in microseconds, on average.
	WritePause int `json:"write_pause"`
	ReadPause  int `json:"read_pause"`
}

// slot is a slot with the rows that were inserted on its behalf.
type slot struct {
	Number   int      `json:"number"`
	Inserted []uint64 `json:"inserted,omitempty"`
}

// order is what the parent asks of a process.
type order string

// The orders.
const (
	orderHold    order = "hold"    // write on behalf of these slots
	orderRelease order = "release" // finish what is under way for these slots and let them go
	orderStop    order = "stop"    // finish everything and end
)

// command is a later line on the standard input.
type command struct {
	Order order  `json:"order"`
	Slots []slot `json:"slots,omitempty"`
}

// kind is what a line on the standard output tells.
type kind string

// The kinds.
const (
	kindReady    kind = "ready"    // the process serves
	kindBegin    kind = "begin"    // a write is about to be sent
	kindEnd      kind = "end"      // its answer
	kindRead     kind = "read"     // a read and its answer
	kindReleased kind = "released" // the slots have been let go
	kindStopped  kind = "stopped"  // everything is finished
)

// action is what a write does.
type action string

// The actions.
const (
	actionInsert action = "insert"
	actionRename action = "rename"
	actionDelete action = "delete"
	actionMail   action = "mail"
	actionVisit  action = "visit"
	actionSave   action = "save" // read the whole row and write it back with one more visit
	actionRead   action = "read"
)

// answer is how a request ended.
type answer string

// The answers.
const (
	answerDone    answer = "done"
	answerMissed  answer = "missed"  // there was no such row
	answerFailed  answer = "failed"  // an error; nothing was written
	answerUnknown answer = "unknown" // an error; it may have been written
)

// event is a line on the standard output of a process of the application.
type event struct {
	Kind   kind   `json:"kind"`
	Number uint64 `json:"number,omitempty"` // of the write
	Action action `json:"action,omitempty"`
	Slot   int    `json:"slot,omitempty"`
	Key    uint64 `json:"key,omitempty"` // 0: not known yet
	// At is when a write began or ended and when a read ended; Began when it
	// began.
	At     int64         `json:"at,omitempty"`
	Began  int64         `json:"began,omitempty"`
	Value  history.Value `json:"value,omitzero"` // written or seen
	Mail   string        `json:"mail,omitempty"`
	Visits uint64        `json:"visits,omitempty"`
	Answer answer        `json:"answer,omitempty"`
	Error  string        `json:"error,omitempty"`
	Slots  []slot        `json:"slots,omitempty"`
}

// maxLine bounds a line of the protocol.
const maxLine = 1 << 20

// lines writes JSON lines; each is one write to the pipe, so that a process
// which is killed has either told of something or not.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("tell %T: %w", v, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("tell %T: %w", v, err)
	}
	return nil
}
