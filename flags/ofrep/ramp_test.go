package ofrep_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/ofrep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is a flag system that gives one answer, and what it was asked.
type system struct {
	*httptest.Server
	asked   []*http.Request
	context map[string]any
}

func answering(t *testing.T, status int, body string) *system {
	t.Helper()
	s := &system{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r)
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &s.context)
		w.Header().Set("Content-Type", "application/json")
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, cfg ofrep.Config) (flags.Share, error) {
	t.Helper()
	r, err := ofrep.New(cfg)
	require.NoError(t, err)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return r.Share(t.Context(), "split-user-name")
}

func TestAShareIsWhatTheSystemSays(t *testing.T) {
	for body, want := range map[string]flags.Share{
		`{"key":"underpin.split-user-name","reason":"STATIC","variant":"v","value":12.5}`: 1250,
		`{"value":0}`:     0,
		`{"value":100.0}`: flags.All,
		`{"value":1e1}`:   1000,
		`{"value":0.01}`:  1,
	} {
		got, err := ask(t, ofrep.Config{URL: answering(t, http.StatusOK, body).URL})
		require.NoError(t, err, body)
		require.Equal(t, want, got, body)
	}
}

func TestTheQuestion(t *testing.T) {
	s := answering(t, http.StatusOK, `{"value":5}`)
	_, err := ask(t, ofrep.Config{URL: s.URL + "/flags/", Token: "secret", Flag: func(c string) string { return "a/b " + c }})
	require.NoError(t, err)
	require.Equal(t, "POST /flags/ofrep/v1/evaluate/flags/a%2Fb%20split-user-name", s.asked[0].Method+" "+s.asked[0].RequestURI)
	require.Equal(t, "Bearer secret", s.asked[0].Header.Get("Authorization"))
	require.Equal(t, map[string]any{"context": map[string]any{"targetingKey": "split-user-name", "change": "split-user-name"}}, s.context)
}

// Nothing but a clear answer is a share.
func TestNoShareIsMadeUp(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"no such flag":      {http.StatusNotFound, `{"key":"x","errorCode":"FLAG_NOT_FOUND"}`},
		"a failure":         {http.StatusBadRequest, `{"key":"x","errorCode":"TYPE_MISMATCH","errorDetails":"no"}`},
		"an error with 200": {http.StatusOK, `{"errorCode":"GENERAL","value":50}`},
		"the reason error":  {http.StatusOK, `{"reason":"ERROR","value":50}`},
		"not allowed":       {http.StatusUnauthorized, ``},
		"a proxy's page":    {http.StatusOK, `<html>`},
		"down":              {http.StatusBadGateway, `{"value":50}`},
		"a redirect":        {http.StatusFound, `{"value":50}`},
		"the default":       {http.StatusOK, `{"reason":"DEFAULT"}`},
		"nothing":           {http.StatusOK, `{"value":null}`},
		"text":              {http.StatusOK, `{"value":"50"}`},
		"a truth value":     {http.StatusOK, `{"value":true}`},
		"too much":          {http.StatusOK, `{"value":100.01}`},
		"below":             {http.StatusOK, `{"value":-1}`},
		"too fine":          {http.StatusOK, `{"value":33.333}`},
		"endless":           {http.StatusOK, `{"value":50,"metadata":"` + strings.Repeat("x", 1<<17) + `"}`},
	} {
		got, err := ask(t, ofrep.Config{URL: answering(t, c.status, c.body).URL, Token: "secret"})
		require.ErrorIs(t, err, ofrep.ErrRamp, name)
		require.ErrorContains(t, err, "split-user-name", name)
		require.NotContains(t, err.Error(), "secret", name)
		require.Zero(t, got, name)
	}
}

func TestASystemThatIsNotThereOrHangs(t *testing.T) {
	_, err := ask(t, ofrep.Config{URL: "http://127.0.0.1:1"})
	require.ErrorIs(t, err, ofrep.ErrRamp)
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer s.Close()
	defer close(hang)
	r, err := ofrep.New(ofrep.Config{URL: s.URL})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = r.Share(ctx, "c")
	require.ErrorIs(t, err, ofrep.ErrRamp)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, text := range []string{"", "flagd:8016", "ftp://flagd", "http://", "http://ann:secret@flagd", "http://flagd/?token=secret", "://"} {
		_, err := ofrep.New(ofrep.Config{URL: text})
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "secret")
	}
}
