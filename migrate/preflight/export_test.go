package preflight

// LockName is for the test that holds the lock.
func LockName(database string) string { return lockName(database) }
