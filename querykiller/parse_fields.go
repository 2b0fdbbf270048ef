package querykiller

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/underpin-db/underpin/internal/yamlx"
)

var errEmptyPattern = errors.New("it is empty")

// patterns reads texts and /regular expressions/.
func (d *decoder) patterns(dst *Patterns) readFunc {
	return func(n ast.Node, path string) {
		d.items(n, path, func(n ast.Node, path string) {
			var s string
			before := len(d.Errs)
			d.text(&s)(n, path)
			if len(d.Errs) > before {
				return
			}
			if len(s) < 2 || s[0] != '/' || s[len(s)-1] != '/' {
				*dst = append(*dst, Pattern{Exact: s})
				return
			}
			re, err := regexp.Compile(s[1 : len(s)-1])
			if err != nil || len(s) == 2 {
				d.Fail(yamlx.At(n), path, fmt.Sprintf("the regular expression does not compile: %v", cmp.Or(err, errEmptyPattern)),
					"the syntax is that of https://golang.org/s/re2syntax")
				return
			}
			*dst = append(*dst, Pattern{Regexp: re})
		})
	}
}

// tag reads patterns for the keys of a statement's tag.
func (d *decoder) tag(dst *map[string]Patterns) readFunc {
	return func(n ast.Node, path string) {
		*dst = map[string]Patterns{}
		seen := map[string]place{}
		for key, value := range d.Entries(n, path, seen) {
			if key = strings.ToLower(key); !isTagText(key) {
				d.Fail(yamlx.At(value), yamlx.Join(path, key), "this cannot be the key of a tag", "")
			}
			var p Patterns
			d.patterns(&p)(value, yamlx.Join(path, key))
			(*dst)[key] = p
		}
	}
}

// span reads {min: …, max: …}.
func span[T uint64 | int | time.Duration](d *decoder, dst *Span[T], read func(*T) readFunc) readFunc {
	return func(n ast.Node, path string) {
		seen := d.mapping(n, path, fields{"min": read(&dst.Min), "max": read(&dst.Max)})
		if *dst == (Span[T]{}) {
			d.Fail(yamlx.At(n), path, "the range is open at both ends", "give min, max or both, of more than zero")
		}
		if dst.Max != 0 && dst.Min > dst.Max {
			d.Fail(seen["min"], path, fmt.Sprintf("min %v is more than max %v", dst.Min, dst.Max), "")
		}
	}
}

// escalate reads {to: kill_connection, after: 5s}.
func (d *decoder) escalate(dst *Escalation) readFunc {
	return func(n ast.Node, path string) {
		seen := d.mapping(n, path, fields{"to": word(d, &dst.To, ActConnection), "after": d.duration(&dst.After)})
		d.need(n, path, seen, "to", "after")
	}
}

// limit reads {kills: 10, per: 1m}.
func (d *decoder) limit(dst *Limit) readFunc {
	return func(n ast.Node, path string) {
		seen := d.mapping(n, path, fields{"kills": d.count(&dst.Kills), "per": d.duration(&dst.Per)})
		d.need(n, path, seen, "kills", "per")
	}
}

// overload reads the thresholds and what follows from them.
func (d *decoder) overload(dst *Overload) readFunc {
	return func(n ast.Node, path string) {
		*dst = Overload{Factor: DefaultOverloadFactor, Until: DefaultOverloadUntil, Calm: DefaultOverloadCalm}
		d.mapping(n, path, fields{
			"threads_running": d.count(&dst.ThreadsRunning),
			"connections":     d.number(&dst.Connections, 100),
			"factor":          d.number(&dst.Factor, math.Nextafter(1, 0)),
			"until":           d.number(&dst.Until, 100),
			"calm":            d.duration(&dst.Calm),
		})
		if dst.ThreadsRunning == 0 && dst.Connections == 0 {
			d.Fail(yamlx.At(n), path, "it has no threshold", "add `threads_running: 64`, or `connections: 80` in percent of the server's maximum")
		}
	}
}

// quiet reads {from: "22:00", to: "06:00", days: [sat, sun], zone: Europe/Berlin}.
func (d *decoder) quiet(dst *[]Quiet) readFunc {
	return func(n ast.Node, path string) {
		q := Quiet{Zone: time.UTC}
		seen := d.mapping(n, path, fields{
			"from": d.clock(&q.From), "to": d.clock(&q.To), "days": d.days(&q.Days),
			"zone": func(n ast.Node, path string) {
				s, _ := yamlx.Text(n)
				zone, err := time.LoadLocation(s)
				if err != nil || s == "" {
					d.Fail(yamlx.At(n), path, fmt.Sprintf("there is no time zone %q", s), "write it like Europe/Berlin, or leave it out for UTC")
					return
				}
				q.Zone = zone
			},
		})
		d.need(n, path, seen, "from", "to")
		if len(seen) > 1 && q.From == q.To {
			d.Fail(yamlx.At(n), path, "the quiet hours begin and end at the same time", "leave the rule out if it is never to act")
		}
		*dst = append(*dst, q)
	}
}

// clock reads a time of day like 06:30.
func (d *decoder) clock(dst *int) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		t, err := time.Parse("15:04", s)
		if err != nil {
			d.Fail(yamlx.At(n), path, "this has to be a time of day", `write it like "22:00"`)
			return
		}
		*dst = t.Hour()*60 + t.Minute()
	}
}

// days reads days of the week.
func (d *decoder) days(dst *[]time.Weekday) readFunc {
	words := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	return func(n ast.Node, path string) {
		var names []string
		wordList(d, &names, words...)(n, path)
		for _, name := range names {
			*dst = append(*dst, time.Weekday(slices.Index(words, name)))
		}
	}
}

// need refuses a mapping that lacks a field.
func (d *decoder) need(n ast.Node, path string, seen map[string]place, names ...string) {
	for _, name := range names {
		if _, ok := seen[name]; !ok {
			d.Fail(yamlx.At(n), yamlx.Join(path, name), "the field is missing", "add `"+name+":`")
		}
	}
}
