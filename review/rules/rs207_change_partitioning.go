package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func changePartitioning() review.Rule {
	return review.Rule{
		Code: "RS207", Name: "change-partitioning", Category: review.Locks, Severity: review.Error,
		Summary: "rows move between partitions, or into or out of them",
		Check: costly{
			kinds: []ddl.Kind{
				ddl.PartitionTable, ddl.RemovePartitioning, ddl.AddHashPartition, ddl.CoalescePartition,
				ddl.ReorganizePartition, ddl.RebuildPartition,
			},
			says:   "partitions change",
			advice: "create the table as it is to be, and move over with a change; add partitions ahead of need, while they are empty",
		}.check,
	}
}
