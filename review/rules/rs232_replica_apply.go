package rules

import (
	"fmt"
	"strconv"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func replicaApply() review.Rule {
	return review.Rule{
		Code: "RS232", Name: "replica-apply", Category: review.Locks, Severity: review.Note,
		Summary: "long work where replicas apply with one thread",
		Check:   checkReplicaApply,
	}
}

func checkReplicaApply(p *review.Pass) {
	variable, single := "replica_parallel_workers", 1.0
	if p.Server.Flavour == ddl.MariaDB {
		variable, single = "slave_parallel_threads", 0
	}
	for s := range p.Statements() {
		cost, ok := largeWork(p, s)
		if !ok || cost.High < time.Minute {
			continue
		}
		text, known := p.Facts.Setting(variable)
		workers, err := strconv.ParseFloat(text, 64)
		if !known || err != nil {
			p.NotChecked("%s: give --dsn or --stats", variable)
			continue
		}
		if workers <= single {
			p.Report(s, review.Finding{
				Object: s.Tables()[0], Cost: cost,
				Message: fmt.Sprintf("%s is %s: a replica set up like this server repeats the statement in one piece, and catches up with one thread; %s",
					variable, text, estimate(cost)),
				Advice: "apply in parallel, or move the rows in small transactions that are throttled by the lag: underpin plan",
			})
		}
	}
}
