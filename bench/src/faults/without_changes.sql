-- The actions without a transaction, and the transactions without a change.
SELECT (SELECT count(*) FROM threadline.audit_actions AS a
        WHERE NOT EXISTS (SELECT FROM threadline.audit_transactions AS t WHERE t.action_id = a.id))
     + (SELECT count(*) FROM threadline.audit_transactions AS t
        WHERE NOT EXISTS (SELECT FROM threadline.audit_changes AS c WHERE c.transaction_id = t.id))
