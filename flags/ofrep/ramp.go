package ofrep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/underpin-db/underpin/flags"
)

// ErrRamp says that the flag system does not say, or does not say clearly, which
// share a ramp should have. The share that the database holds then stays.
var ErrRamp = errors.New("the flag system gives no share for the ramp")

const (
	// path of the evaluation of one flag below the base, less the flag's name.
	path = "ofrep/v1/evaluate/flags"
	// answerTime bounds one question.
	answerTime = 5 * time.Second
	// mostAnswer is how many bytes of an answer are read.
	mostAnswer = 64 << 10
)

// Config says whom to ask. URL is required.
type Config struct {
	// URL is the base of the flag system: what stands before /ofrep/v1.
	URL string
	// Token is sent as a bearer token; empty sends none.
	Token string
	// Flag names the flag of a change. Defaults to "underpin." and the change.
	Flag func(change string) string
}

// Ramp asks for the share of reads that should go to the target of a change: a
// number flag that holds a percentage, from 0 to 100. It is the Ramp of an engine's
// Config, and safe for concurrent use.
type Ramp struct {
	base   *url.URL
	cfg    Config
	client *http.Client
}

// New returns the ramps that a flag system holds. It asks nothing yet.
func New(cfg Config) (*Ramp, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("the address of a flag system is written http://host:port or https://host/path, without a user or a query")
	}
	if cfg.Flag == nil {
		cfg.Flag = func(change string) string { return "underpin." + change }
	}
	// A redirect would carry question and token to somebody else.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Ramp{base, cfg, &http.Client{Timeout: answerTime, CheckRedirect: stay}}, nil
}

// Share returns the share that the ramp of a change should have, or [ErrRamp].
// It never makes one up: a flag that is missing, of another type, out of bounds
// or finer than a basis point is an error, and so is an answer without a value,
// by which a flag system asks for the caller's default. The targeting key is the
// change, which is the attribute "change" too.
func (r *Ramp) Share(ctx context.Context, change string) (flags.Share, error) {
	name := r.cfg.Flag(change)
	share, err := r.ask(ctx, name, change)
	if err != nil {
		return 0, fmt.Errorf("change %s: %w: flag %s: %w", change, ErrRamp, name, err)
	}
	return share, nil
}

func (r *Ramp) ask(ctx context.Context, name, change string) (flags.Share, error) {
	question, err := json.Marshal(map[string]any{"context": map[string]string{"targetingKey": change, "change": change}})
	if err != nil {
		return 0, err
	}
	// The name is one element of the path, whatever is in it.
	to := r.base.JoinPath(path).String() + "/" + url.PathEscape(name)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(question))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if r.cfg.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.cfg.Token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	if err != nil {
		return 0, err
	}
	if len(text) > mostAnswer {
		return 0, fmt.Errorf("the answer has more than %d bytes", mostAnswer)
	}
	return read(response.StatusCode, text)
}

// answer is what the protocol says of one flag, also of one that has none.
type answer struct {
	Value        *json.RawMessage `json:"value"`
	Reason       string           `json:"reason"`
	ErrorCode    string           `json:"errorCode"`
	ErrorDetails string           `json:"errorDetails"`
}

func read(status int, text []byte) (flags.Share, error) {
	var a answer
	err := json.Unmarshal(text, &a)
	switch {
	case status != http.StatusOK || a.ErrorCode != "" || a.Reason == "ERROR":
		return 0, fmt.Errorf("HTTP %d %s %.200q", status, a.ErrorCode, a.ErrorDetails)
	case err != nil:
		return 0, fmt.Errorf("the answer is not the protocol's: %w", err)
	case a.Value == nil:
		return 0, errors.New("the answer has no value: the flag system leaves it to the caller")
	}
	var value float64
	if err := json.Unmarshal(*a.Value, &value); err != nil || string(*a.Value) == "null" {
		return 0, fmt.Errorf("its value %.100s is no number", *a.Value)
	}
	return flags.ParseShare(strconv.FormatFloat(value, 'f', -1, 64))
}
