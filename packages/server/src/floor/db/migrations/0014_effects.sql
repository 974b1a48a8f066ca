-- Actions that decisions of policies ask for.

create unique index actions_decision on actions (decision, kind) where decision is not null;

-- Decisions that may ask for an effect on a registry.
create index decisions_in_force_effects on decisions_in_force (decision)
  where not is_part and action in ('attach', 'block', 'quarantine', 'delete');
