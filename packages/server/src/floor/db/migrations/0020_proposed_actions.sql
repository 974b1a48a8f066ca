-- Actions that wait for approval are counted by every overview; they are few among all actions.
create index actions_proposed on actions (project, id desc) where state = 'proposed';
