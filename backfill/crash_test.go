package backfill

const envChild = "BACKFILL_TEST_CHILD"

func child() int { return 0 }
