package imports_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/imports"
)

func read(text string, format imports.Format, places imports.Places) ([]flags.Flag, error) {
	return imports.Read(strings.NewReader(text), format, imports.Options{Owner: "shop", Kind: flags.Release, Places: places})
}

const flagdFile = `{
  "$schema": "https://flagd.dev/schema/v0/flags.json",
  "flags": {
    "new-welcome-banner": {
      "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
      "targeting": {"if": [
        {"and": [{"ends_with": [{"var": "email"}, "@example.com"]}, {"in": [{"var": "country"}, ["DE", "FR"]]}]}, "on",
        {"sem_ver": [{"var": "app"}, ">=", "2.10.0"]}, "on",
        {"==": [{"var": "targetingKey"}, "ann"]}, "on",
        "off"]}
    },
    "colour": {
      "state": "ENABLED", "variants": {"red": "#f00", "green": "#0f0"}, "defaultVariant": "red",
      "targeting": {"fractional": [["red", 1], ["green", 3]]}
    }
  }
}`

const goFile = `
banner:
  variations: {on: true, off: false}
  targeting:
    - name: germans
      query: country eq "DE" and age ge 18
      variation: on
    - query: email ew "@example.com"
      percentage: {on: 12.5, off: 87.5}
  defaultRule: {variation: off}
  metadata: {description: the banner}
limits:
  variations: {small: {max: 10}, large: {max: 100}}
  defaultRule: {variation: small}
`

func when(attribute string, op flags.Operator, values ...flags.Value) flags.Condition {
	return flags.Condition{Attribute: attribute, Op: op, Values: values}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	require.Empty(t, cmp.Diff(want, got, cmp.Comparer(func(a, b flags.Value) bool { return a.String() == b.String() }), cmpopts.EquateEmpty()))
}

func TestFlagd(t *testing.T) {
	all, err := read(flagdFile, imports.Flagd, imports.NewPlaces)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.NoError(t, flags.ValidateSet(all))
	same(t, flags.Serve{Split: []flags.Weight{{Variant: "red", Share: 2500}, {Variant: "green", Share: 7500}}}, all[0].Serve)
	on := flags.Serve{Variant: "on"}
	same(t, []flags.Rule{
		{When: []flags.Condition{when("email", flags.EndsWith, flags.ValueOf("@example.com")), when("country", flags.In, flags.ValueOf("DE"), flags.ValueOf("FR"))}, Serve: on},
		{When: []flags.Condition{when("app", flags.Newer, flags.ValueOf("2.10.0"))}, Serve: on},
		{When: []flags.Condition{when("key", flags.In, flags.ValueOf("ann"))}, Serve: on},
	}, all[1].Rules)
	require.Equal(t, []string{"off", "off", "off"}, []string{all[1].Off, all[1].Safe, all[1].Serve.Variant})
}

func TestGoFeatureFlag(t *testing.T) {
	all, err := read(goFile, imports.GoFeatureFlag, imports.NewPlaces)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "the banner", all[0].Description)
	require.Equal(t, flags.JSON, all[1].Type)
	same(t, []flags.Rule{
		{Name: "germans", When: []flags.Condition{when("country", flags.In, flags.ValueOf("DE")), when("age", flags.AtLeast, flags.ValueOf(18))}, Serve: flags.Serve{Variant: "on"}},
		{When: []flags.Condition{when("email", flags.EndsWith, flags.ValueOf("@example.com"))}, Serve: flags.Serve{Split: []flags.Weight{{Variant: "off", Share: 8750}, {Variant: "on", Share: 1250}}}},
	}, all[0].Rules)
}

func TestWhatCannotBeSaidIsRefusedByName(t *testing.T) {
	for _, c := range []struct {
		format   imports.Format
		old, new string
		says     string
	}{
		{imports.Flagd, `"ENABLED", "variants": {"on"`, `"DISABLED", "variants": {"on"`, `flag "new-welcome-banner": state`},
		{imports.Flagd, `"ends_with"`, `"custom"`, `flag "new-welcome-banner": targeting.if`},
		{imports.Flagd, `"=="`, `"!="`, `the operator "!="`},
		{imports.Flagd, `["red", 1], ["green", 3]`, `["red", 1], ["green", 2]`, `flag "colour": targeting.fractional`},
		{imports.Flagd, `[["red", 1]`, `[{"var": "email"}, ["red", 1]`, "placed by their key"},
		{imports.Flagd, `"green": "#0f0"`, `"green": 3`, `flag "colour": variants`},
		{imports.Flagd, `"defaultVariant": "red",`, ``, `flag "colour": defaultVariant`},
		{imports.Flagd, `"flags"`, `"$evaluators": {}, "flags"`, "$evaluators"},
		{imports.GoFeatureFlag, `country eq "DE" and age ge 18`, `country eq "DE" or age ge 18`, `flag "banner": targeting[0].query`},
		{imports.GoFeatureFlag, `country eq`, `country ne`, `flag "banner": targeting[0].query`},
		{imports.GoFeatureFlag, `country eq "DE"`, `not (country eq "DE")`, `targeting[0].query`},
		{imports.GoFeatureFlag, `on: 12.5, off: 87.5`, `on: 12.555, off: 87.445`, "steps of 0.01%"},
		{imports.GoFeatureFlag, `  metadata`, "  scheduledRollout: []\n  metadata", `flag "banner": scheduledRollout`},
		{imports.GoFeatureFlag, `  metadata`, "  disable: true\n  metadata", `flag "banner": disable`},
		{imports.GoFeatureFlag, `defaultRule: {variation: off}`, "defaultRule: {progressiveRollout: {}}", `flag "banner": defaultRule.progressiveRollout`},
	} {
		text := map[imports.Format]string{imports.Flagd: flagdFile, imports.GoFeatureFlag: goFile}[c.format]
		require.Contains(t, text, c.old)
		all, err := read(strings.Replace(text, c.old, c.new, 1), c.format, imports.NewPlaces)
		require.ErrorContains(t, err, c.says)
		if c.old != `"flags"` {
			require.ErrorIs(t, err, imports.ErrUnfaithful)
			require.Len(t, all, 1, "the other flag is taken")
		}
	}
}

func TestUsersKeepTheirPlacesOrTheImportIsRefused(t *testing.T) {
	all, err := read(flagdFile, imports.Flagd, imports.KeepPlaces)
	require.ErrorIs(t, err, imports.ErrUnfaithful)
	require.Len(t, all, 1)
	_, err = read("[", imports.Flagd, imports.KeepPlaces)
	require.Error(t, err)
	_, err = read("{}", "split", imports.KeepPlaces)
	require.ErrorContains(t, err, "go-feature-flag")
}

func FuzzRead(f *testing.F) {
	f.Add(flagdFile, true)
	f.Add(goFile, false)
	f.Fuzz(func(t *testing.T, text string, first bool) {
		format := imports.GoFeatureFlag
		if first {
			format = imports.Flagd
		}
		all, _ := read(text, format, imports.NewPlaces)
		for _, one := range all {
			require.NoError(t, one.Validate())
		}
	})
}
