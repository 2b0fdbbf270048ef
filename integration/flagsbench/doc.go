// Package flagsbench measures package flags beside LaunchDarkly's Go SDK and
// OpenFeature's memory provider in the same run, how fast a kill switch reaches
// many clients, what polling costs the server, and how long a large set takes to
// load. It is a module of its own so that the product does not depend on the
// SDKs of others. Run it with `make bench-flags`.
package flagsbench
