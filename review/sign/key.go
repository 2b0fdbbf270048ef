package sign

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// ErrNoKey says that no key was found to sign with.
var ErrNoKey = errors.New("there is no key to sign with")

// KeySource says where the key is.
type KeySource struct {
	// File is a private key, or a public one whose private half the agent
	// holds. Empty takes the first key of the agent that Fits.
	File string
	// AgentSocket is SSH_AUTH_SOCK; empty where no agent runs.
	AgentSocket string
	// Passphrase asks for the passphrase of a file, if it has one.
	Passphrase func(file string) ([]byte, error)
	// Fits says whether a key of the agent may be taken.
	Fits func(key ssh.PublicKey) error
}

// Open returns a key to sign with. done gives the agent's connection back.
func (k KeySource) Open(ctx context.Context) (key ssh.Signer, done func() error, err error) {
	if k.File == "" {
		return k.fromAgent(ctx, k.Fits)
	}
	raw, err := os.ReadFile(k.File)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(raw); err == nil {
		return k.fromAgent(ctx, exactly(public))
	}
	key, err = k.parse(raw)
	if err == nil {
		return key, func() error { return nil }, nil
	}
	// The private file of a security key is a handle that only the agent can
	// use; its public half stands beside it.
	if raw, publicErr := os.ReadFile(k.File + ".pub"); publicErr == nil {
		if public, _, _, _, err := ssh.ParseAuthorizedKey(raw); err == nil && strings.HasPrefix(public.Type(), "sk-") {
			return k.fromAgent(ctx, exactly(public))
		}
	}
	return nil, nil, fmt.Errorf("%w: %s: %w", ErrNoKey, k.File, err)
}

// parse reads a private key, with its passphrase if it has one.
func (k KeySource) parse(raw []byte) (ssh.Signer, error) {
	key, err := ssh.ParsePrivateKey(raw)
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) || k.Passphrase == nil {
		return key, err
	}
	pass, err := k.Passphrase(k.File)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKeyWithPassphrase(raw, pass)
}

func exactly(public ssh.PublicKey) func(ssh.PublicKey) error {
	return func(key ssh.PublicKey) error {
		if sameKey(key, public) {
			return nil
		}
		return fmt.Errorf("it is not key %s", ssh.FingerprintSHA256(public))
	}
}

// agentTimeout bounds the wait for the agent, during which a person may be
// asked to touch a token.
const agentTimeout = 2 * time.Minute

// fromAgent returns the first key of the agent that fits.
func (k KeySource) fromAgent(ctx context.Context, fits func(ssh.PublicKey) error) (ssh.Signer, func() error, error) {
	if k.AgentSocket == "" {
		return nil, nil, fmt.Errorf("%w: no key file is named and no ssh-agent runs (SSH_AUTH_SOCK is empty)", ErrNoKey)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", k.AgentSocket)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: reach the ssh-agent: %w", ErrNoKey, err)
	}
	if err := conn.SetDeadline(time.Now().Add(agentTimeout)); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	all, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: ask the ssh-agent: %w", ErrNoKey, err), conn.Close())
	}
	reasons := []error{}
	for _, key := range all {
		why := fits(key.PublicKey())
		if why == nil {
			return key, conn.Close, nil
		}
		reasons = append(reasons, why)
	}
	return nil, nil, errors.Join(fmt.Errorf("%w: the ssh-agent holds %d keys, and none fits: %w", ErrNoKey, len(all), errors.Join(reasons...)), conn.Close())
}
