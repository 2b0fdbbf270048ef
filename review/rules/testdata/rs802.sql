-- underpin:waive RS101 -- want RS802
ALTER TABLE a CHANGE b c INT;
-- underpin:waive RS101 reason="x" until=soon -- want RS802
ALTER TABLE a CHANGE c d INT;
-- underpin:waive because -- want RS802
ALTER TABLE a CHANGE d e INT;
-- underpin:waive RS101 reason="agreed with the team"
ALTER TABLE a CHANGE e f INT;
