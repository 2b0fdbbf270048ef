package rules

import (
	"fmt"
	"strconv"
	"time"

	"github.com/underpin-db/underpin/review"
)

func binlogRetention() review.Rule {
	return review.Rule{
		Code: "RS231", Name: "binlog-retention", Category: review.Locks, Severity: review.Warning,
		Summary: "work that may take longer than the binary log is kept",
		Check:   checkBinlogRetention,
	}
}

func checkBinlogRetention(p *review.Pass) {
	for s := range p.Statements() {
		cost, ok := largeWork(p, s)
		if !ok {
			continue
		}
		text, known := p.Facts.Setting("binlog_expire_logs_seconds")
		seconds, err := strconv.ParseFloat(text, 64)
		if !known || err != nil {
			p.NotChecked("how long the binary log is kept: give --dsn or --stats")
			continue
		}
		kept := time.Duration(seconds * float64(time.Second))
		if kept > 0 && cost.High > kept { // 0 is for ever
			p.Report(s, review.Finding{
				Object: s.Tables()[0], Cost: cost,
				Message: fmt.Sprintf("this may take %s, and the binary log is kept for %s: a replica that falls behind cannot catch up", cost.High, kept),
				Advice:  "keep it longer (binlog_expire_logs_seconds), or move the rows in small transactions: underpin plan",
			})
		}
	}
}
