package preflight

import "syscall"

// free returns how many bytes of a directory's file system a server that is not
// root may still use.
func free(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
