// Package dockertest tests the source "docker" for real: it builds the local images, starts both servers in containers,
// restarts and kills them. It needs a Docker daemon and, to build the images, Debian and root, so it hides behind a
// build tag instead of skipping:
//
//	go test -tags servers_docker ./integration/servers/dockertest
//
// With UNDERPIN_MYSQL_IMAGE and UNDERPIN_MARIADB_IMAGE set it tests those images and builds none.
package dockertest
