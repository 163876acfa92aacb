-- A neutralised copy is another manager: with the UUID of the first, the servers would take it for the first, and its
-- buttons would work on the tenants of paying customers.
UPDATE ir_config_parameter SET value = gen_random_uuid()::text WHERE key = 'database.uuid';
