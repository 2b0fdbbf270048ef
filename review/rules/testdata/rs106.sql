-- @database legacy
-- @size old_orders 1200 65536
DROP DATABASE legacy; -- want RS106
DROP DATABASE elsewhere;
-- @case an empty one may go
-- @database legacy
DROP DATABASE legacy;
-- @case nothing is known
DROP DATABASE legacy;
