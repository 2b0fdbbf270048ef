package demo

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clock reads CLOCK_MONOTONIC, which all processes of a machine share and
// nobody sets. Go's own monotonic reading is of the process alone.
func clock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(fmt.Sprintf("read CLOCK_MONOTONIC: %v", err)) // every kernel has it
	}
	return ts.Nano()
}

// since is how long ago a reading of the clock was.
func since(at int64) time.Duration { return time.Duration(clock() - at) }
