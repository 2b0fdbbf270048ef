package review

// CodeChanges are the Go files of the folders in which a pull request changes
// one, as they were and as they are. Others may stand among them, the same on both
// sides.
type CodeChanges struct {
	Before, After []GoFile
}

// GoFile is one Go file. Its path is relative to the root of the review, with
// slashes.
type GoFile struct{ Path, Text string }

// CodeChanges returns what the pull request changes in Go code; nil where that
// is not known.
func (p *Pass) CodeChanges() *CodeChanges { return p.input.CodeChanges }
