package demo

import "time"

// beat is the length of one bar of the throughput.
const beat = 250 * time.Millisecond

// tempo counts answered requests over time.
type tempo struct {
	start int64
	beats []int
}

func (t *tempo) add(at int64) {
	i := int((at - t.start) / int64(beat))
	if i < 0 {
		return
	}
	for len(t.beats) <= i {
		t.beats = append(t.beats, 0)
	}
	t.beats[i]++
}

// columns spreads the beats of a span over n columns: requests a second.
func (t *tempo) columns(length time.Duration, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		from := int(int64(length) * int64(i) / int64(n) / int64(beat))
		to := max(int(int64(length)*int64(i+1)/int64(n)/int64(beat)), from+1)
		sum := 0
		for j := from; j < to && j < len(t.beats); j++ {
			sum += t.beats[j]
		}
		out[i] = float64(sum) / (float64(to-from) * beat.Seconds())
	}
	return out
}
