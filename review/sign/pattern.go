package sign

import (
	"errors"
	"strings"
)

// matchList reports whether text matches a pattern list of OpenSSH (PATTERNS in
// ssh_config(5)): patterns with * and ? between commas. One behind an
// exclamation mark that matches refuses, whatever else matches.
func matchList(list, text string) bool {
	matched := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(pattern, text) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// matchPattern matches a whole text: * stands for any characters, ? for one. It
// goes back to the last * only, so its time is the product of the lengths.
func matchPattern(pattern, text string) bool {
	p, t, star, resume := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume, p = p, t, p+1
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			p, resume = star+1, resume+1
			t = resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// splitQuoted splits at runs of a separator (a blank stands for tabs too)
// outside double quotes. Quotes stay where they are; \" does not end a quote.
func splitQuoted(text string, separator byte) ([]string, error) {
	var out []string
	begin, quoted := 0, false
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) && quoted:
			return nil, errors.New("a quotation mark is not closed")
		case i == len(text), !quoted && (text[i] == separator || separator == ' ' && text[i] == '\t'):
			if i > begin {
				out = append(out, text[begin:i])
			}
			begin = i + 1
		case text[i] == '\\' && quoted && i+1 < len(text) && text[i+1] == '"':
			i++
		case text[i] == '"':
			quoted = !quoted
		}
	}
	return out, nil
}

// unquote takes the quotation marks around a text away.
func unquote(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	return strings.ReplaceAll(text, `\"`, `"`)
}
