// Package fleet knows which processes of the application run, what each of them
// declares for each change, and who else is connected to the database. It
// answers what the gates of package migrate ask: does every live instance
// support the next setting, has every one of them left the old one, is code
// without the library connected, may this release run now.
//
// # Instances and leases
//
// An instance announces itself with what it declares and holds a lease, which
// is judged by the server's clock. A lease that has run out is never revived by
// a heartbeat ([ErrExpired]): the transitions made meanwhile did not wait for
// its holder, so it has to announce itself again and be judged again. The
// process itself stops to serve by its own monotonic clock ([Member.Until]),
// which counts from before the statement that renewed the lease, so that it
// stops no later than the server forgets it.
//
// # An announcement races with a transition
//
// An instance must not come up under a setting that it does not support. The
// announcement is one REPEATABLE READ transaction: it takes the shared lock on
// the row of every change, in the order of their names, judges what it
// declares, and only then writes its rows. A transition locks the row of its
// change exclusively, and only then reads the fleet ([Live]). Whichever has the
// row first is seen by the other. The order of locks is the same everywhere, so
// that none of this can deadlock: changes, instances, what they declare.
//
// # Strangers
//
// Code without the library takes no fence, so a transition cannot see it. What
// there is instead is evidence about connections ([Strangers]): connection
// attributes where the server keeps them, the process list by account where it
// does not, an operator's recorded word ([Vouch]) where neither can tell. A
// verdict says how it was reached and what it cannot see; nothing passes
// because nothing was looked at.
//
// What this evidence cannot see, whatever the method: a connection made after
// the last look; a session of a user who is not named whose default database is
// another one; a client of another server of a multi-primary group; an event of
// the server's scheduler that did not run within the window; and, where
// connections are opened for one statement each, one that fell between two looks
// and is not of an account of the application's that MySQL counts.
package fleet
