// Package yamlx reads files that people write in YAML, so that every mistake is
// told at once, each with its line, its column, the field and what to write
// instead.
//
// [Document] parses a text, and a [Reader] walks it and collects the mistakes.
// What the fields are is up to the caller. Anchors, aliases, merge keys and tags
// have no meaning here: [Text] does not read them and [KindOf] names them.
package yamlx
