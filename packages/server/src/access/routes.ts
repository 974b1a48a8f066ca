/** HTTP of access. */
import { operations, type Identity } from '@lazaret/protocol';

import { route, type CallContext, type Route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import type { Access } from './access.ts';
import { changePassword } from './change-password.ts';
import { changeUser, removeUser } from './change-user.ts';
import { completeSetup } from './complete-setup.ts';
import { createUser } from './create-user.ts';
import { describeIdentity } from './describe-identity.ts';
import { makeUserLink } from './links.ts';
import { makeSetupLink } from './setup-link.ts';
import type { AccessParts, Caller } from './parts.ts';
import { createProject, removeProject } from './projects.ts';
import { formatCookie, formatEndedCookie } from './sessions.ts';
import { signIn, type SignedIn } from './sign-in.ts';
import { signOut } from './sign-out.ts';
import { administrators, readProjects, readUsers, toPage } from './store.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';

const rows = operations.access;

export function accessRoutes(access: Pick<Access, 'parts' | 'ensureSetupLink'>): Route[] {
  const { parts } = access;
  return [
    route(rows.setupLink, (_, { principal }) => makeSetupLink(access, principal)),
    ...sessionRoutes(parts),
    ...userRoutes(parts),
    ...projectRoutes(parts),
    ...tokenRoutes(parts),
  ];
}

function sessionRoutes(parts: AccessParts): Route[] {
  return [
    route(rows.setupShow, async () => ({
      needed: (await administrators(parts.database)).length === 0,
    })),
    route(rows.setupComplete, async ({ body }, context) =>
      answerSignedIn(parts, context, await completeSetup(parts, body, toCaller(context))),
    ),
    route(rows.sessionCreate, async ({ body }, context) =>
      answerSignedIn(parts, context, await signIn(parts, body, toCaller(context))),
    ),
    route(rows.sessionShow, (_, { principal }) => describeIdentity(parts.database, principal)),
    route(rows.sessionDelete, async (_, context) => {
      await signOut(parts, toCaller(context));
      context.setHeader('set-cookie', formatEndedCookie(parts.publicUrl()));
    }),
  ];
}

function answerSignedIn(
  parts: AccessParts,
  context: CallContext,
  { principal, secret }: SignedIn,
): Promise<Identity> {
  context.setHeader('set-cookie', formatCookie(secret, parts.publicUrl()));
  return describeIdentity(parts.database, principal);
}

function userRoutes(parts: AccessParts): Route[] {
  return [
    route(rows.userList, async ({ query }) =>
      toPage(await readUsers(parts.database, query), query.limit, (user) => user.name),
    ),
    route(rows.userCreate, ({ body }, { principal }) => createUser(parts, principal, body)),
    route(rows.userUpdate, ({ params, body }, { principal }) =>
      changeUser(parts, principal, { name: params.name, change: body }),
    ),
    route(rows.userDelete, ({ params }, { principal }) =>
      removeUser(parts, principal, params.name),
    ),
    route(rows.userLink, ({ params }, { principal }) =>
      makeUserLink(parts, principal, params.name),
    ),
    route(rows.passwordChange, ({ params, body }, context) =>
      changePassword(parts, toCaller(context), { name: params.name, ...body }),
    ),
  ];
}

function projectRoutes(parts: AccessParts): Route[] {
  return [
    route(rows.projectList, async ({ query }, { principal }) => {
      const among = projectsWith(principal, 'projects.read');
      const projects = await readProjects(parts.database, { ...query, among });
      return toPage(projects, query.limit, (project) => project.name);
    }),
    route(rows.projectCreate, ({ body }, { principal }) => createProject(parts, principal, body)),
    route(rows.projectDelete, ({ params }, { principal }) =>
      removeProject(parts, principal, params.name),
    ),
  ];
}

function tokenRoutes(parts: AccessParts): Route[] {
  return [
    route(rows.tokenList, ({ query }, { principal }) =>
      listTokens(parts.database, principal, query),
    ),
    route(rows.tokenCreate, ({ body }, context) => createToken(parts, toCaller(context), body)),
    route(rows.tokenRevoke, ({ params }, { principal }) =>
      revokeToken(parts, principal, params.id),
    ),
  ];
}

function toCaller({ principal, address, headers }: CallContext): Caller {
  return { principal, address, headers };
}
