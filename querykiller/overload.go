package querykiller

import (
	"cmp"
	"fmt"
	"time"
)

// The defaults of [Overload].
const (
	DefaultOverloadFactor = 0.5
	DefaultOverloadUntil  = 80 // percent of the threshold
	DefaultOverloadCalm   = 10 * time.Second
)

// overload knows whether the server is overloaded. It is so from the first poll
// at a threshold, and until the load has been low for a while.
type overload struct {
	on    bool
	calm  time.Time // since when the load is low; zero if it is not
	cause string
}

// update takes the load of a poll; changed says that the state is another now.
func (o *overload) update(rule Overload, load Load, now time.Time) (changed bool) {
	if rule.ThreadsRunning == 0 && rule.Connections == 0 {
		was := o.on
		*o = overload{}
		return was
	}
	if why := rule.reached(load, 100); why != "" {
		was := o.on
		*o = overload{on: true, cause: why}
		return !was
	}
	if !o.on {
		return false
	}
	if rule.reached(load, cmp.Or(rule.Until, DefaultOverloadUntil)) != "" {
		o.calm = time.Time{}
		return false
	}
	if o.calm.IsZero() {
		o.calm = now
	}
	if now.Sub(o.calm) < cmp.Or(rule.Calm, DefaultOverloadCalm) {
		return false
	}
	*o = overload{}
	return true
}

// reached says which threshold the load has reached, each taken at a share in
// percent; "" is none.
func (o Overload) reached(load Load, share float64) string {
	if o.ThreadsRunning > 0 && float64(load.ThreadsRunning) >= float64(o.ThreadsRunning)*share/100 {
		return fmt.Sprintf("%d threads are running, the threshold is %d", load.ThreadsRunning, o.ThreadsRunning)
	}
	if o.Connections > 0 && load.MaxConnections > 0 {
		used := float64(load.Connections) / float64(load.MaxConnections) * 100
		if used >= o.Connections*share/100 {
			return fmt.Sprintf("%d of %d connections are in use, the threshold is %g%%", load.Connections, load.MaxConnections, o.Connections)
		}
	}
	return ""
}
