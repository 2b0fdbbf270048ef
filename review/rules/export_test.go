package rules

// ReservedWords are the words of RS435.
func ReservedWords() []string { return reservedWords() }
