/**
 * Access control: every operation for every role, granted on all projects and on one, with a
 * session and with a token, for anonymous callers, for wrong credentials, and for restricted
 * tokens. The expectation is derived from the row of the operation alone.
 */
import {
  operationList,
  operations,
  permissionNames,
  permissions,
  roleHas,
  roleNames,
  type Grant,
  type Operation,
  type Permission,
  type Role,
} from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { takeThird } from './support/exhaustive.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { addPerson, bearer, mintToken, visit, type Person, type Visitor } from './support/visit.ts';

let instance: Instance;
let root: Person;

beforeAll(async () => {
  instance = await startInstance({ arguments: ['--requests-per-minute', '1000000'] });
  for (const name of ['red', 'blue']) {
    await instance.client.call(operations.access.projectCreate, { body: { name } });
  }
  root = await addPerson(instance, 'root', [{ role: 'administrator', project: null }]);
});
afterAll(() => instance.close());

/** `in` means authorized, whatever the operation returns then. */
type Verdict = 'in' | 'unauthenticated' | 'forbidden';

interface Case {
  readonly who: string;
  readonly visitor: Visitor;
  readonly name: string;
  readonly expected: (operation: Operation) => Verdict;
  /** Uses another instance than the common one. */
  readonly url?: string;
  /** All operations unless given. */
  readonly of?: readonly Operation[];
}

/** Calls everything; the end of a session comes last. */
async function walk(about: Case): Promise<void> {
  const { who, visitor, name, expected, url = instance.url, of = operationList } = about;
  const last = operations.access.sessionDelete.name;
  const wrong: string[] = [];
  const order = of.toSorted(
    (one, other) => Number(one.name === last) - Number(other.name === last),
  );
  for (const operation of order) {
    const params = operation.name === operations.access.passwordChange.name ? { name } : {};
    for (const method of [operation.method, ...(operation.alsoMethods ?? [])]) {
      const seen = await visit(url, operation, { visitor, params, method });
      const found = verdict(operation, seen);
      const wanted = expected(operation);
      if (found === wanted) continue;
      wrong.push(`${who} at ${operation.name}: expected ${wanted}, found ${found} (${seen.text})`);
    }
  }
  expect(wrong).toEqual([]);
}

function verdict(
  operation: Operation,
  seen: { readonly status: number; readonly code: string },
): Verdict | string {
  const { status, code } = seen;
  if (status === 401 && code === 'unauthenticated') return 'unauthenticated';
  if (status === 403 && code === 'forbidden') return 'forbidden';
  // Of public operations that authenticate the registry that calls.
  if (status === 401 && code === 'hook_not_authentic') return 'in';
  const isHealth = operation.path === '/readyz' || operation.path === '/healthz';
  const isOdd = status === 401 || status === 403 || (status >= 500 && !isHealth);
  return isOdd ? `${status} ${code}` : 'in';
}

/** The expectation for a user with these grants. */
function byGrants(grants: readonly Grant[]): (operation: Operation) => Verdict {
  return ({ access }) => {
    if (access === 'public' || access === 'signed-in') return 'in';
    const { scope } = permissions[access];
    const reaches = grants.some(
      ({ role, project }) => roleHas(role, access) && (scope !== 'instance' || project === null),
    );
    return reaches ? 'in' : 'forbidden';
  };
}

test.each(roleNames.flatMap((role) => [[role, null] as const, [role, 'red'] as const]))(
  '%s on %s: every operation, by session and by token',
  async (role: Role, project: string | null) => {
    const grants = [{ role, project }];
    const person = await addPerson(instance, `${role}-${project ?? 'all'}`, grants);
    const expected = byGrants(grants);
    const { name } = person;
    await walk({ who: `${name} by token`, visitor: person.token, name, expected });
    // What a person may do is the same; the session is what is tried here.
    const of = takeThird(operationList, roleNames.indexOf(role));
    await walk({ who: `${name} by session`, visitor: person.session, name, expected, of });
  },
);

test('a user without grants can use what any signed-in user can', async () => {
  const { name, token, session } = await addPerson(instance, 'guest', []);
  await walk({ who: 'guest by token', visitor: token, name, expected: byGrants([]) });
  await walk({ who: 'guest by session', visitor: session, name, expected: byGrants([]) });
});

test('an operator who is also an investigator gets both sets of permissions', async () => {
  const grants: Grant[] = [
    { role: 'operator', project: null },
    { role: 'investigator', project: 'red' },
  ];
  const { name, token, session } = await addPerson(instance, 'both', grants);
  const expected = byGrants(grants);
  const { submit } = operations.jobs;
  const { add } = operations.engines;
  expect([submit, add].map(expected)).toEqual(['in', 'in']);
  expect([submit, add].map(byGrants(grants.slice(0, 1)))).toEqual(['forbidden', 'in']);
  expect([submit, add].map(byGrants(grants.slice(1)))).toEqual(['in', 'forbidden']);
  await walk({ who: `${name} by token`, visitor: token, name, expected });
  await walk({ who: `${name} by session`, visitor: session, name, expected });
});

test('roles in one project and in all projects add up per project', async () => {
  const grants: Grant[] = [
    { role: 'viewer', project: null },
    { role: 'administrator', project: 'red' },
  ];
  const { name, token } = await addPerson(instance, 'mixed', grants);
  await walk({ who: name, visitor: token, name, expected: byGrants(grants) });
});

const outside = (operation: Operation): Verdict =>
  operation.access === 'public' ? 'in' : 'unauthenticated';

test.each<[string, Visitor]>([
  ['anonymous', {}],
  ['an unknown token', bearer(`lz_${'A'.repeat(43)}`)],
  ['a malformed token', bearer('lz_x')],
  ['a password in the header', { authorization: `Basic ${btoa('root:root')}` }],
  ['an unknown session', { cookie: `lazaret_session=lzs_${'A'.repeat(43)}` }],
  ['a malformed session', { cookie: 'lazaret_session=1' }],
])('%s reaches public operations only', async (who, visitor) => {
  await walk({ who, visitor, name: 'anonymous', expected: outside });
});

test('with openLegacy, anonymous requests reach the three legacy calls only', async () => {
  const open = await startInstance({ arguments: ['--open-legacy'] });
  const old = Object.values(operations.legacy).map((operation) => operation.name);
  const expected = (operation: Operation): Verdict =>
    old.includes(operation.name) ? 'in' : outside(operation);
  try {
    await walk({ who: 'anonymous', visitor: {}, name: 'anonymous', expected, url: open.url });
    const visitor = bearer('lz_x');
    await walk({
      who: 'a bad token',
      visitor,
      name: 'anonymous',
      expected: outside,
      url: open.url,
    });
  } finally {
    await open.close();
  }
});

test('a refusal says how to sign in', async () => {
  const seen = await visit(instance.url, operations.jobs.list);
  expect(seen.headers.get('www-authenticate')).toContain('Bearer');
});

test('HEAD is refused like GET', async () => {
  const viewer = await addPerson(instance, 'head-viewer', [{ role: 'viewer', project: 'red' }]);
  for (const operation of operationList) {
    if (operation.method !== 'GET' || !['json', 'bytes'].includes(operation.outputKind)) continue;
    const expected = byGrants(viewer.grants)(operation);
    const params = { name: viewer.name };
    const nobody = await visit(instance.url, operation, { method: 'HEAD' });
    const seen = await visit(instance.url, operation, {
      method: 'HEAD',
      params,
      visitor: viewer.token,
    });
    expect([operation.name, nobody.status === 401]).toEqual([
      operation.name,
      operation.access !== 'public',
    ]);
    expect([operation.name, seen.status === 403]).toEqual([
      operation.name,
      expected === 'forbidden',
    ]);
  }
});

test('a session cannot change anything without the CSRF token', async () => {
  const person = await addPerson(instance, 'proofless', root.grants);
  const { cookie = '' } = person.session;
  const other = root.session['x-csrf-token'] ?? '';
  for (const operation of operationList) {
    if (operation.method === 'GET' || operation.access === 'public') continue;
    for (const visitor of [{ cookie }, { cookie, 'x-csrf-token': other }]) {
      const seen = await visit(instance.url, operation, { visitor });
      expect([operation.name, seen.status, seen.code]).toEqual([
        operation.name,
        403,
        'csrf_failed',
      ]);
    }
  }
});

/** The expectation for an administrator's token restricted to these. */
function byScope(
  only: readonly Permission[] | undefined,
  project: string | undefined,
): (operation: Operation) => Verdict {
  return ({ access, name }) => {
    if (access === 'public' || access === 'signed-in') return 'in';
    if (only !== undefined && !only.includes(access)) return 'forbidden';
    // The link creates an administrator, which takes all permissions of one.
    if (name === operations.access.setupLink.name && only !== undefined) return 'forbidden';
    return project !== undefined && permissions[access].scope === 'instance' ? 'forbidden' : 'in';
  };
}

/** All operations of a permission, and a third of the others. */
function around(permission: Permission): Operation[] {
  const others = takeThird(operationList, permissionNames.indexOf(permission));
  return operationList.filter((one) => one.access === permission || others.includes(one));
}

test.each(permissionNames)('a token for %s only works for that only', async (permission) => {
  const only = [permission];
  const wide = await mintToken(instance, root.session, { permissions: only });
  const expected = byScope(only, undefined);
  const of = around(permission);
  await walk({ who: `${permission} token`, visitor: wide, name: root.name, expected, of });
});

test.each(permissionNames)('a token for %s in one project works there', async (permission) => {
  const only = [permission];
  const scope = { permissions: only, project: 'red' };
  const narrow = await mintToken(instance, root.session, scope);
  const expected = byScope(only, 'red');
  const of = around(permission);
  await walk({ who: `${permission} token in red`, visitor: narrow, name: root.name, expected, of });
});

test('a token for one project has no permissions on the instance', async () => {
  const visitor = await mintToken(instance, root.session, { project: 'red' });
  const expected = byScope(undefined, 'red');
  await walk({ who: 'token in red', visitor, name: root.name, expected });
});

test('a token has no permission that its owner has lost', async () => {
  const person = await addPerson(instance, 'fading', root.grants);
  const { userUpdate } = operations.access;
  for (const grants of [[{ role: 'viewer' as const, project: 'red' }], []]) {
    await instance.client.call(userUpdate, { params: { name: person.name }, body: { grants } });
    const { name, token: visitor } = person;
    await walk({ who: name, visitor, name, expected: byGrants(grants) });
  }
  const body = { disabled: true };
  await instance.client.call(userUpdate, { params: { name: person.name }, body });
  const { name, token: visitor } = person;
  await walk({ who: 'a disabled user', visitor, name, expected: outside });
});

test('every refusal for missing permissions is in the audit log', async () => {
  const { auditList } = operations.events;
  const actor = 'guest';
  await expect
    .poll(
      async () => {
        const found: unknown[] = [];
        for (let cursor: string | null | undefined; cursor !== null;) {
          const page = { limit: 200, ...(cursor !== undefined && { cursor }) };
          const query = { type: 'access.denied', actor, ...page };
          const { items, next } = await instance.client.call(auditList, { query });
          found.push(...items.map((entry) => entry.data['operation']));
          cursor = next;
        }
        return found.toSorted();
      },
      { timeout: 20_000 },
    )
    .toEqual(
      operationList
        .filter((operation) => byGrants([])(operation) === 'forbidden')
        .map((operation) => operation.name)
        .flatMap((name) => [name, name])
        .toSorted(),
    );
});
