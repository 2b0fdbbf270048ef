// Package openfeature joins flags with OpenFeature, both ways round.
//
// [Provider] lets an application that is written to OpenFeature's SDK evaluate
// flags without importing anything of Underpin but this line of its wiring:
//
//	openfeature.SetProviderAndWait(underpin.NewProvider(client))
//
// The evaluation context becomes a target: the targeting key is its key, strings,
// numbers and truth values are attributes, a list of strings is a list, a time
// is its RFC 3339 text. What is none of these is left out. The SDK has merged
// the contexts of API, transaction, client and call before, the last one winning.
//
// [Ramp] is the other way round: a flag system that a company already has holds
// the ramp of a change, as the Ramp of an engine's Config. It is asked how many of
// the reads may go to the target; the phase, and the share that counts, stay in
// the database, where a transition writes them.
package openfeature
