-- The role operator no longer includes submitting jobs and inspections. Whoever had it keeps what
-- they could do: they get the role submitter beside it, which an administrator can revoke.
insert into grants (user_name, role, project)
select user_name, 'submitter', project from grants where role = 'operator'
on conflict do nothing;
