package querykiller_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

const secretURL = "https://hooks.example.com/services/T0/B0/s3cr3t"

// said is an answer of the other side; code 0 is a connection that {}.
type said struct {
	code  int
	key   string
	value string
}

// chat is the other side of a webhook, on a clock of the test's.
type chat struct {
	t       *testing.T
	answers []said
	texts   []string
	at      []time.Time
}

func (c *chat) RoundTrip(r *http.Request) (*http.Response, error) {
	require.Equal(c.t, secretURL, r.URL.String())
	require.Equal(c.t, http.MethodPost, r.Method)
	require.Equal(c.t, "application/json", r.Header.Get("Content-Type"))
	var body struct{ Text string }
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	require.NoError(c.t, d.Decode(&body))
	c.texts, c.at = append(c.texts, body.Text), append(c.at, time.Now())
	next := said{code: 200}
	if len(c.answers) > 0 {
		next, c.answers = c.answers[0], c.answers[1:]
	}
	if next.code == 0 {
		return nil, errors.New("connection reset by peer")
	}
	h := http.Header{}
	h.Set(next.key, next.value)
	return &http.Response{StatusCode: next.code, Header: h, Body: io.NopCloser(strings.NewReader("no " + secretURL))}, nil
}

func hook(t *testing.T, c *chat) *querykiller.Webhook {
	t.Helper()
	c.t = t
	w, err := querykiller.NewWebhook(querykiller.WebhookConfig{URL: secretURL, Server: "shop-db", Transport: c})
	require.NoError(t, err)
	return w
}

func dead(session uint64) querykiller.Decision {
	after := 12 * time.Millisecond
	return querykiller.Decision{
		Rule: "long-selects", Reason: "31.2s of 30s", Outcome: querykiller.OutcomeDead, Session: session, User: "app", Host: "10.0.0.1",
		Release: "r7", Digest: "0123456789abcdef0123", Text: "SELECT ? FROM `t`", DeadAfter: &after,
	}
}

func TestWebhookTellsPeopleWhatMatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{}
		survived := dead(2)
		survived.Outcome, survived.DeadAfter, survived.Error = querykiller.OutcomeSurvived, nil, "it runs on"
		gone := dead(3)
		gone.Outcome = querykiller.OutcomeGone
		require.NoError(t, hook(t, c).Write(t.Context(), []querykiller.Decision{dead(1), survived, gone}))
		require.Equal(t, []string{`*shop-db*: 1 survived, 1 dead
• *ALARM* survived, rule long-selects: 31.2s of 30s; app@10.0.0.1, session 2, release r7, digest 0123456789abcdef…; it runs on
` + "`SELECT ? FROM 't'`" + `
• dead, rule long-selects: 31.2s of 30s; app@10.0.0.1, session 1, release r7, digest 0123456789abcdef…, gone after 12ms
` + "`SELECT ? FROM 't'`"}, c.texts)
	})
}

func TestWebhookIsSilentWhenNothingWasDone(t *testing.T) {
	c := &chat{}
	gone := dead(1)
	gone.Outcome = querykiller.OutcomeGone
	require.NoError(t, hook(t, c).Write(t.Context(), []querykiller.Decision{gone}))
	require.Empty(t, c.texts)
}

// Text of a statement, a user's or a rule's name must not mention people, make
// links or span pages.
func TestWebhookTextIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{}
		d := dead(1)
		d.User, d.Rule = "<!channel>", "<http://evil|click>&"
		d.Text = "SELECT `a`\n\r\t<!here> \xff" + strings.Repeat("😀", 10_000)
		var many []querykiller.Decision
		for range 40 {
			many = append(many, d)
		}
		require.NoError(t, hook(t, c).Write(t.Context(), many))
		require.NotContains(t, c.texts[0], "<")
		require.Contains(t, c.texts[0], "&lt;!channel&gt;@10.0.0.1")
		require.Contains(t, c.texts[0], "`SELECT 'a' &lt;!here&gt; ")
		require.Contains(t, c.texts[0], "… and 30 more")
		require.Less(t, len(c.texts[0]), 40_000, "what Slack takes")
	})
}

func TestWebhookTriesAgainWhereItMayHelp(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []said
		tried   int
		fails   string
		least   time.Duration // from the first to the last attempt
	}{
		{"taken", nil, 1, "", 0},
		{"no content", []said{{code: 204}}, 1, "", 0},
		{"busy for a while", []said{{code: 503}, {}, {code: 500}}, 4, "", 3 * time.Second},
		{"too many, come back in 20 s", []said{{429, "Retry-After", "20"}}, 2, "", 20 * time.Second},
		{"a wait without sense is bounded", []said{{429, "Retry-After", "-5"}, {429, "Retry-After", "x"}}, 3, "", 2 * time.Second},
		{"down", []said{{}, {}, {}, {}, {}}, 4, "connection reset by peer", 3 * time.Second},
		{"not ours", []said{{code: 404}}, 1, "404 Not Found", 0},
		{"a redirect is not followed", []said{{302, "Location", "https://elsewhere.example.com"}}, 1, "302 Found", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chat{answers: test.answers}
				err := hook(t, c).Write(t.Context(), []querykiller.Decision{dead(1)})
				require.Len(t, c.texts, test.tried)
				require.GreaterOrEqual(t, c.at[len(c.at)-1].Sub(c.at[0]), test.least)
				if test.fails == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, test.fails)
				require.NotContains(t, err.Error(), "s3cr3t")
				require.NotContains(t, err.Error(), "services")
			})
		})
	}
}

func TestWebhookSendsOneMessageASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{}
		w := hook(t, c)
		for n := range uint64(5) {
			require.NoError(t, w.Write(t.Context(), []querykiller.Decision{dead(n)}))
		}
		for i := range 4 {
			require.GreaterOrEqual(t, c.at[i+1].Sub(c.at[i]), time.Second)
		}
	})
}

func TestWebhookHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{answers: []said{{429, "Retry-After", "60"}}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		err := hook(t, c).Write(ctx, []querykiller.Decision{dead(1)})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "s3cr3t")
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

// The address is a secret also where it is wrong.
func TestWebhookAddressIsCheckedAndNotTold(t *testing.T) {
	for _, bad := range []string{"", "s3cr3t", "ftp://host/s3cr3t", "https:///s3cr3t", "http://host/%zz-s3cr3t", "http://[::1/s3cr3t", "//host/s3cr3t"} {
		_, err := querykiller.NewWebhook(querykiller.WebhookConfig{URL: bad})
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	// A real transport's error names the address; ours does not.
	w, err := querykiller.NewWebhook(querykiller.WebhookConfig{URL: "http://127.0.0.1:1/s3cr3t", Attempts: 1})
	require.NoError(t, err)
	err = w.Write(t.Context(), []querykiller.Decision{dead(1)})
	require.ErrorContains(t, err, "refused")
	require.NotContains(t, err.Error(), "s3cr3t")
}
