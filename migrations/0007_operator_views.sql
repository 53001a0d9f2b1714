-- What an operator sees of the quarantine: how much, why and since when, and nothing of a message.
create or replace view quarantine_reasons as
select reason, count(*)::bigint as messages, max(quarantined_at) as last_at
from quarantine
group by reason;
