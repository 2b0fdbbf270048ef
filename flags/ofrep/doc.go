// Package ofrep asks a flag system over the network for the ramp of a change, by
// OpenFeature's Remote Evaluation Protocol (OFREP), which flagd, GO Feature Flag,
// Flipt and others speak. `underpin apply` follows it where ramp_url is set; a
// program that has OpenFeature's SDK already takes package flags/openfeature.
//
// The flag system holds the ramp and nothing else: the phase, and the share that
// counts, stay in the database, where a transition writes them.
package ofrep
