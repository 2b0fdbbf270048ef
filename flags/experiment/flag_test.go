package experiment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
)

// colour is the flag that button compares variants of; by its own rules it is
// blue for everybody.
func colour() flags.Flag {
	return flags.Flag{
		Name: "button-colour", Type: flags.String, Kind: flags.Experiment, Owner: "shop", Off: "grey", Safe: "grey",
		Variants: []flags.Variant{
			{Name: "grey", Value: flags.ValueOf("#888")}, {Name: "green", Value: flags.ValueOf("#0f0")}, {Name: "blue", Value: flags.ValueOf("#00f")},
		},
		Serve: flags.Serve{Variant: "blue"},
	}
}

var flagBy = sqlstore.By{Actor: "ann@example", Why: "a test", Action: "flag set"}

// flag puts a flag into the database and opens a client that asks experiments.
func (f *fixture) flag(flag flags.Flag, assigner flags.Assigner) *flags.Client {
	f.Helper()
	store := sqlstore.New(f.db, sqlstore.Config{})
	_, err := store.Put(f.Context(), flag, flagBy)
	require.NoError(f, err)
	c, err := flags.Open(f.Context(), flags.Config{Source: store, Assigner: assigner, Poll: 20 * time.Millisecond})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, c.Close()) })
	return c
}

// From the start of an experiment to its stop, an evaluation of its flag is the
// assignment and the exposure.
func TestAFlagAsksTheExperimentOnIt(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		experiments := f.open(experiment.Config{Poll: 20 * time.Millisecond})
		client := f.flag(colour(), experiments)
		ask := func(user int) flags.Detail[string] {
			d := client.StringDetail(t.Context(), "button-colour", flags.User(user).With("country", "pl").WithNumber("age", 30), "none")
			require.NoError(t, d.Err)
			require.NoError(t, d.Ignored)
			return d
		}
		require.Equal(t, flags.StaticReason, ask(0).Reason)
		require.Zero(t, f.number("SELECT COUNT(*) FROM _underpin_assignment"))

		f.start(button())
		f.eventually("the experiment is seen", func() bool { return ask(0).Reason == flags.SplitReason })
		const users = 50
		got := map[string]int{}
		for range 3 {
			for user := range users {
				d := ask(user)
				require.Equal(t, flags.SplitReason, d.Reason)
				require.Equal(t, map[string]string{"grey": "#888", "green": "#0f0"}[d.Variant], d.Value)
				got[d.Variant]++
			}
		}
		require.Len(t, got, 2)
		f.eventually("each first exposure is stored", func() bool { return f.number("SELECT COUNT(*) FROM _underpin_assignment") == users })
		for user := range users {
			var branch, segments string
			require.NoError(t, f.db.QueryRowContext(t.Context(),
				"SELECT branch, segments FROM _underpin_assignment WHERE unit = ?", fmt.Sprint(user)).Scan(&branch, &segments))
			require.Equal(t, ask(user).Variant, branch)
			require.JSONEq(t, `{"country": "pl"}`, segments)
		}
		report, err := experiment.Results(t.Context(), f.db, "checkout-button", "")
		require.NoError(t, err)
		exposed := uint64(0)
		for _, b := range report.Parts[0].Branches {
			require.Zero(t, b.Crossed)
			exposed += b.Units
		}
		require.EqualValues(t, users, exposed)

		require.NoError(t, experiment.Stop(t.Context(), f.db, by, "checkout-button"))
		f.eventually("the flag's own rules again", func() bool { return ask(0).Reason == flags.StaticReason })
		require.Equal(t, "blue", ask(1).Variant)
		require.Equal(t, users, f.number("SELECT COUNT(*) FROM _underpin_assignment"))
	})
}

// The kill switch beats a running experiment, and exposes nobody.
func TestTheSwitchOfAFlagBeatsItsExperiment(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		client := f.flag(colour(), f.open(experiment.Config{}))
		ask := func(user int) flags.Detail[string] {
			return client.StringDetail(t.Context(), "button-colour", flags.User(user), "none")
		}
		require.Equal(t, flags.SplitReason, ask(0).Reason)
		_, err := sqlstore.New(f.db, sqlstore.Config{}).Edit(t.Context(), "button-colour", flagBy, func(flag flags.Flag) (flags.Flag, error) {
			flag.State = flags.Off
			return flag, nil
		})
		require.NoError(t, err)
		f.eventually("it is off", func() bool { return ask(0).Reason == flags.DisabledReason })
		require.Equal(t, "grey", ask(1).Variant)
		f.eventually("who was exposed before is stored", func() bool { return f.number("SELECT COUNT(*) FROM _underpin_assignment") == 1 })
	})
}

func TestTheFlagOfAnExperiment(t *testing.T) {
	require.NoError(t, button().Fits(colour()))
	closed := colour().Close("green")
	require.ErrorIs(t, button().Fits(closed), experiment.ErrFlagClosed)
	require.ErrorContains(t, button().Fits(closed), "button-colour")
	other := button()
	other.Branches[1].Name = "red"
	require.ErrorIs(t, other.Fits(colour()), experiment.ErrFlagVariant)
	require.ErrorContains(t, other.Fits(colour()), `"red" is none of grey, green, blue`)
	on := button()
	on.Branches = []experiment.Branch{{Name: "off", Share: 5000}, {Name: "on", Share: 5000}}
	require.NoError(t, on.Fits(flags.Flag{Name: on.Flag, Type: flags.Boolean}), "the variants of a boolean are understood")
}
