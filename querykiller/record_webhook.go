package querykiller

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// WebhookConfig says whom to tell. Only URL is needed.
type WebhookConfig struct {
	// URL takes a POST of {"text": …}, as Slack's incoming webhooks and those
	// compatible with them do. It is a secret: whoever has it can write there.
	// No message, error or log of this package contains it.
	URL string
	// Server is what the watched server is called in messages.
	Server string
	// Attempts is how often a message is tried. Defaults to 4.
	Attempts int
	// Timeout bounds one attempt. Defaults to 5 s.
	Timeout time.Duration
	// Pause is the least time between two messages; what comes in meanwhile is
	// told in one. Defaults to 1 s, which is what Slack allows.
	Pause time.Duration
	// Transport sends the requests. Defaults to http.DefaultTransport.
	Transport http.RoundTripper
}

// Webhook is a [Sink] that posts messages for people.
type Webhook struct {
	cfg    WebhookConfig
	client *http.Client
	next   time.Time // when the next message may go
}

// NewWebhook checks the address. The error does not repeat it.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("the webhook's address is no http or https URL (it is a secret and not shown)")
	}
	cfg.Attempts, cfg.Timeout = cmp.Or(cfg.Attempts, 4), cmp.Or(cfg.Timeout, 5*time.Second)
	cfg.Pause = cmp.Or(cfg.Pause, time.Second)
	return &Webhook{cfg: cfg, client: &http.Client{
		Transport: cfg.Transport,
		Timeout:   cfg.Timeout,
		// A redirect would hand the message to whoever the answer names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name implements Sink.
func (w *Webhook) Name() string { return "webhook" }

// Write implements Sink: one message for the whole batch.
func (w *Webhook) Write(ctx context.Context, batch []Decision) error {
	text := w.message(batch)
	if text == "" {
		return nil
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	backoff := mysqlx.Backoff{Base: time.Second, Max: 10 * time.Second}
	for n := 1; ; n++ {
		if err := mysqlx.Wait(ctx, time.Until(w.next)); err != nil {
			return fmt.Errorf("webhook: %w", err)
		}
		got := w.post(ctx, body)
		w.next = time.Now().Add(max(w.cfg.Pause, got.after))
		switch {
		case got.err == nil:
			return nil
		case !got.again || n == w.cfg.Attempts || ctx.Err() != nil:
			return fmt.Errorf("webhook: %w", got.err)
		}
		if err := mysqlx.Wait(ctx, backoff.Delay(n)); err != nil {
			return fmt.Errorf("webhook: %w", got.err)
		}
	}
}

// reply is what became of one attempt.
type reply struct {
	err   error
	again bool          // another attempt may succeed
	after time.Duration // not before this, as the other side asks
}

func (w *Webhook) post(ctx context.Context, body []byte) reply {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return reply{err: withoutURL(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := w.client.Do(req)
	if err != nil {
		return reply{err: withoutURL(err), again: true}
	}
	defer res.Body.Close()
	// Read what the answer says, so that the connection can be used again; it
	// is not repeated anywhere, because it may quote the request.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 == 2 {
		return reply{}
	}
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	return reply{
		err:   fmt.Errorf("it answered %d %s", res.StatusCode, http.StatusText(res.StatusCode)),
		again: res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500,
		after: time.Duration(min(max(seconds, 0), 60)) * time.Second,
	}
}

// withoutURL takes the address out of an error of net/http.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
