-- underpin:waive RS101 reason="left over" -- want RS803
SELECT 1;
ALTER TABLE a CHANGE b c INT; -- underpin:waive RS101 reason="behind it"
ALTER TABLE a
  -- underpin:waive RS101 reason="in it"
  CHANGE c d INT;
/* underpin:waive RS101 reason="before it" */
ALTER TABLE a CHANGE d e INT;
