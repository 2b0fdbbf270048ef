package review

// SignOff is what people have signed of a change that takes signatures: one
// person's word does not let it through.
type SignOff struct {
	// By are those whose signatures count, in words.
	By []string
	// Missing says what is missing and who could give it, in a clause; empty where
	// nothing is. Command is what they run.
	Missing, Command string
}

// signOff takes out of the findings what is signed. A change of a cache's format
// that is not stops the merge, however grave the finding is: somebody settled that
// people look at it.
func (r *input) signOff(report *Report) {
	var kept []Finding
	for _, f := range report.Findings {
		s, asked := r.SignOffs[f.Object]
		switch {
		case f.Category != Cache:
		case !asked:
			f.Advice += "; people can sign it as it is (underpin sign --cache " + f.Object + "), once a section signoff of underpin.yaml says who"
		case s.Missing == "":
			f.SignOff = &s
			report.Waived = append(report.Waived, f)
			continue
		default:
			f.SignOff, f.Severity = &s, Error
		}
		kept = append(kept, f)
	}
	report.Findings = kept
}
