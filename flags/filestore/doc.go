// Package filestore keeps flags in a YAML file: for laptops, tests and
// bootstrap. The file is one list:
//
//	flags:
//	  - name: new-checkout
//	    type: boolean
//	    kind: release
//	    owner: payments
//	    off: "off"
//	    safe: "off"
//	    rules:
//	      - when: [{attribute: country, op: in, values: [DE, FR]}]
//	        serve: {variant: "on"}
//	    ramp: {variant: "on", rings: [qa, staff], share: 5%}
//	    serve: {variant: "off"}
//
// Reading is strict: a field that is not known, a key that stands twice, a value
// of the wrong type or a flag that is not valid is an error with its line and
// column, and nothing of the file is taken. JSON is YAML, so the export of
// `underpin flags export` is such a file too.
//
// [Store] looks at the file at every poll and is told of changes by the
// operating system; editors that write a new file and rename it are understood.
// A file that cannot be read leaves the copy as it is, unconfirmed: once the
// bounds of the flags are passed their safe values are served.
package filestore
