package usage

// split cuts the body of a routine, trigger or event into pieces that parse by
// themselves. What governs them, such as IF x THEN, becomes a piece that
// selects its expression. A piece that is cut wrongly does not parse, and is
// judged by its words.
func split(tokens []token) [][]token {
	var out [][]token
	for len(tokens) > 0 {
		end := 0
		for end < len(tokens) && !tokens[end].is(";") {
			end++
		}
		out = append(out, pieces(tokens[:end])...)
		tokens = tokens[min(end+1, len(tokens)):]
	}
	return out
}

// pieces takes apart what stands before one semicolon.
func pieces(tokens []token) [][]token {
	var out [][]token
	for len(tokens) > 0 {
		first := tokens[0]
		switch {
		case len(tokens) > 1 && first.isName() && tokens[1].is(":"): // a label
			tokens = tokens[2:]
		case first.is("BEGIN", "ELSE", "LOOP", "REPEAT", "THEN", "NOT", "ATOMIC"):
			tokens = tokens[1:]
		case first.is("END", "LEAVE", "ITERATE", "CLOSE", "OPEN", "FETCH"):
			return out // names of variables and cursors
		case first.is("IF", "ELSEIF", "WHEN", "CASE", "UNTIL", "WHILE", "RETURN"):
			n := governed(tokens)
			if n > 1 {
				out = append(out, selected(tokens[1:n]))
			}
			if n < len(tokens) && !tokens[n].is("WHEN") {
				n++
			}
			tokens = tokens[n:]
		case first.is("DECLARE"):
			rest := declared(tokens)
			if rest == nil {
				return append(out, tokens)
			}
			tokens = rest
		case first.is("SET"):
			return append(out, assigned(tokens[1:]))
		default:
			return append(out, tokens)
		}
	}
	return out
}

// governed is where the expression behind IF, WHEN, CASE or WHILE ends.
func governed(tokens []token) int {
	ends := []string{"THEN", "DO"}
	if tokens[0].is("CASE") {
		ends = []string{"WHEN"}
	}
	depth := 0
	for n := 1; n < len(tokens); n++ {
		switch {
		case depth == 0 && tokens[n].is(ends...):
			return n
		case tokens[n].is("CASE"):
			depth++
		case tokens[n].is("END"):
			depth--
		}
	}
	return len(tokens)
}

// selected is an expression as a query.
func selected(expression []token) []token {
	return append([]token{{word, "SELECT"}}, expression...)
}

// declared is the statement within a DECLARE of a cursor or handler; nil if
// there is none.
func declared(tokens []token) []token {
	handler := false
	for n, t := range tokens {
		switch {
		case t.is("CURSOR") && n+1 < len(tokens) && tokens[n+1].is("FOR"):
			return tokens[n+2:]
		case t.is("HANDLER"):
			handler = true
		case handler && t.is("BEGIN", "SET", "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "CALL", "IF", "ROLLBACK"):
			return tokens[n:]
		}
	}
	return nil
}

// assigned turns the assignments of SET into a query that names the same.
func assigned(tokens []token) []token {
	out := selected(nil)
	for _, t := range tokens {
		if t.is(":=") {
			t = token{symbol, "="}
		}
		out = append(out, t)
	}
	return out
}
