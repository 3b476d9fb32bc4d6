\set id random(1, :base)
UPDATE tickets
SET status = CASE status WHEN 'closed' THEN 'open' ELSE 'closed' END, quantity = quantity + 1,
    updated_at = clock_timestamp()
WHERE id = :id;
