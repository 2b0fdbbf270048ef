package plan

import (
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml/ast"

	"github.com/underpin-db/underpin/internal/yamlx"
	"github.com/underpin-db/underpin/migrate"
)

// MaxFileSize is the size in bytes above which a change file is refused.
const MaxFileSize = 1 << 20

// ParseFile reads a change file. The name is used in messages only. A file
// with mistakes yields [Errors], which has all of them; an error of the reader
// is returned as it is.
func ParseFile(name string, r io.Reader) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read change file %s: %w", name, err)
	}
	d := &decoder{yamlx.Reader{File: name}}
	if len(text) > MaxFileSize {
		return nil, Errors{{File: name, Problem: fmt.Sprintf("it is larger than %d bytes", MaxFileSize)}}
	}
	doc, err := yamlx.Document(name, text, yamlx.Hints{
		Empty:  "a change file begins with `change: <name>`",
		Second: "put each change into a file of its own",
	})
	var bad yamlx.Errors
	if errors.As(err, &bad) {
		return nil, Errors(bad)
	}
	if err != nil {
		return nil, err
	}
	f := newFile(name)
	d.mapping(doc, "", d.top(f, mappingNeed(doc)))
	if len(d.Errs) == 0 {
		d.checkForm(f)
	}
	if len(d.Errs) > 0 {
		d.Errs.Sort()
		return nil, Errors(d.Errs)
	}
	return f, nil
}

// newFile is a change file in which nothing stands: every setting has its
// default.
func newFile(name string) *File {
	return &File{
		Name: name,
		Hold: Duration(DefaultHold),
		Reads: Reads{
			Ramp: DefaultRamp(), Soak: Duration(DefaultSoak),
			Shadow: Shadow{Sample: DefaultShadowSample, Min: DefaultShadowMin},
		},
		Backfill: Backfill{
			ChunkTarget:       Duration(DefaultChunkTarget),
			MaxThreadsRunning: DefaultMaxThreadsRunning,
			MaxReplicaLag:     Duration(DefaultMaxReplicaLag),
		},
	}
}

// mappingNeed says whether the fields of a mapping are needed: a change of the
// schema alone has alter in their place.
func mappingNeed(doc ast.Node) need {
	if m, ok := doc.(*ast.MappingNode); ok {
		for _, v := range m.Values {
			if key, ok := yamlx.Text(v.Key); ok && key == "alter" {
				return optional
			}
		}
	}
	return needed
}

// top is what stands at the top of a change file.
func (d *decoder) top(f *File, mapping need) []field {
	return []field{
		{name: "change", need: needed, read: d.scalar(&f.Change)},
		{name: "service", need: needed, read: d.scalar(&f.Service)},
		{name: "alter", read: d.scalars(&f.Alter)},
		{name: "hold", read: d.duration(&f.Hold, zeroAllowed)},
		{name: "releases", read: d.strings(&f.Releases)},
		{name: "source", need: mapping, read: d.table(&f.Source)},
		{name: "target", need: mapping, read: d.table(&f.Target)},
		{name: "where", read: d.scalar(&f.Where)},
		{name: "expand", read: d.scalars(&f.Expand)},
		{name: "forward", need: mapping, read: d.assigns(&f.Forward)},
		{name: "backward", read: d.assigns(&f.Backward)},
		{name: "contract", read: d.scalars(&f.Contract)},
		{name: "reads", read: d.reads(&f.Reads)},
		{name: "backfill", read: d.backfill(&f.Backfill)},
		{name: "connections", read: d.nested(field{name: "users", read: d.strings(&f.Connections.Users)})},
	}
}

// reads reads the settings of reads.
func (d *decoder) reads(r *Reads) readFunc {
	return d.nested(
		field{name: "ramp", read: d.ramp(&r.Ramp)},
		field{name: "soak", read: d.duration(&r.Soak, zeroAllowed)},
		field{name: "copy_on_read", read: d.choice(&r.CopyOnRead)},
		field{name: "shadow", read: d.nested(
			field{name: "sample", read: d.percent(&r.Shadow.Sample)},
			field{name: "min", read: d.number(&r.Shadow.Min)},
		)},
	)
}

// backfill reads the pace of the backfill.
func (d *decoder) backfill(b *Backfill) readFunc {
	var threads uint64
	return d.nested(
		field{name: "chunk_target", read: d.duration(&b.ChunkTarget, zeroRefused)},
		field{name: "max_threads_running", read: func(n ast.Node, path string) {
			d.number(&threads)(n, path)
			if threads == 0 || threads > 1<<20 {
				d.failf(n, path, "the load has to be a count of threads between 1 and 1048576",
					"leave it out for %d", DefaultMaxThreadsRunning)
				return
			}
			b.MaxThreadsRunning = int(threads)
		}},
		field{name: "max_replica_lag", read: d.duration(&b.MaxReplicaLag, zeroRefused)},
		field{name: "replicas", read: d.strings(&b.Replicas)},
		field{name: "indexes", read: d.indexes(&b.Indexes)},
	)
}

// indexes reads when plain indexes come.
func (d *decoder) indexes(dst *Indexes) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		if s != string(IndexesWithRows) && s != string(IndexesAfterRows) {
			d.failf(n, path, "this has to be with_rows or after_rows",
				"leave it out to have the indexes of a large table come after its rows")
			return
		}
		*dst = Indexes(s)
	}
}

// table reads a table and its key.
func (d *decoder) table(t *TableRef) readFunc {
	return d.nested(
		field{name: "table", need: needed, read: d.scalar(&t.Table)},
		field{name: "key", read: d.scalars(&t.Key)},
	)
}

// checkForm checks what the fields of a well-formed file say together.
func (d *decoder) checkForm(f *File) {
	d.checkName(f.Change, "change")
	d.checkName(f.Service, "service")
	if len(f.Alter) > 0 {
		d.checkAlter(f)
		return
	}
	d.checkMapped(f)
}

// checkAlter checks a change of the schema alone: it has no mapping.
func (d *decoder) checkAlter(f *File) {
	for _, field := range []struct {
		name string
		has  bool
	}{
		{"source", f.Source.Table.Text != ""}, {"target", f.Target.Table.Text != ""}, {"where", f.Where.Text != ""},
		{"expand", len(f.Expand) > 0}, {"forward", len(f.Forward) > 0}, {"backward", len(f.Backward) > 0}, {"contract", len(f.Contract) > 0},
	} {
		if field.has {
			d.fail(f.Alter[0].Position, field.name, "a change has either alter or a mapping", "leave one of them out, or write two changes")
		}
	}
}

// checkMapped checks a change with a mapping.
func (d *decoder) checkMapped(f *File) {
	if len(f.Forward) == 0 {
		d.fail(f.Change.Position, "forward", "it assigns no column", "write `column: expression` for each target column")
	}
	d.checkUnique(f.Source.Key, "source.key")
	d.checkUnique(f.Target.Key, "target.key")
	d.checkUnique(assigned(f.Forward), "forward")
	d.checkUnique(assigned(f.Backward), "backward")
	if f.Source.Table.Text == f.Target.Table.Text && len(f.Target.Key) > 0 {
		d.fail(f.Target.Key[0].Position, "target.key", "a column change has one key, and it stands under source",
			"leave it out")
	}
	if f.Reads.CopyOnRead == migrate.Yes && f.Source.Table.Text == f.Target.Table.Text {
		d.fail(f.Source.Table.Position, "reads.copy_on_read", "a column change has no row that could be missing in the target",
			"leave it out, or make the target a table of its own")
	}
}
