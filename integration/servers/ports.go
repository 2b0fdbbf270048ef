package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

const (
	lowestPort         = 10240
	usualEphemeralPort = 32768
)

// freePort finds a port that nobody listens on, below the kernel's ephemeral range: see the package comment.
// Somebody may take it before the server does; the caller then tries again with another one.
func freePort() (int, error) {
	top := usualEphemeralPort
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var low, high int
		if _, err := fmt.Sscan(string(text), &low, &high); err == nil && low > lowestPort+1000 {
			top = low
		}
	}
	var last error
	for range 100 {
		port := lowestPort + rand.IntN(top-lowestPort)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		if err := listener.Close(); err != nil {
			last = err
			continue
		}
		return port, nil
	}
	return 0, fmt.Errorf("find a free port on 127.0.0.1 between %d and %d: %w", lowestPort, top, last)
}
