-- Originals of old masking keys that are about to be removed (`rotateMaskingKey`). They are set aside first, and removed
-- only after a pass over all rows has begun and ended without needing them: whoever inserts a row with an old key
-- meanwhile does not find its original in the vault, and so brings it again.
create table vault_set_aside (like vault including all);

comment on table vault_set_aside is 'on their way out of the vault while a masking key is rotated; empty otherwise';

-- Where an original may be. A reveal looks here; an erasure deletes from both tables.
create view sealed_originals as
  select * from vault union all select * from vault_set_aside;

grant select, insert, delete on vault_set_aside to login_etl_custodian;
grant select on sealed_originals to login_etl_custodian;
