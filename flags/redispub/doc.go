// Package redispub carries hints over Redis: a process that changes flags
// publishes the new version, and every process that listens polls at once
// instead of within a second. It is a package of its own so that an application
// that uses no Redis links none.
//
// Redis holds no flags and decides nothing. A message may be lost, doubled, late,
// out of order or forged: it only brings a poll of the store forward, and the
// store's versions decide. While Redis is down everything goes on at the pace of
// the poll; after every new subscription the listener polls once, because what
// was published in between is lost.
package redispub
