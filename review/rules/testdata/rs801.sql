-- @case over
-- @now 2026-11-21
-- underpin:waive RS101 reason="agreed" until=2026-11-20 -- want RS801
ALTER TABLE a CHANGE b c INT;
-- @case its last day
-- @now 2026-11-21
-- underpin:waive RS101 reason="agreed" owner=ann until=2026-11-21
ALTER TABLE a CHANGE b c INT;
