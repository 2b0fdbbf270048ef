// Package installtest tests the source "install" for real: it installs servers into an empty cache, from two callers at
// once, and again when they are there. It needs Debian, root, the archive and a gigabyte, so it hides behind a
// build tag instead of skipping:
//
//	go test -tags servers_install -timeout 30m ./integration/servers/installtest
package installtest
