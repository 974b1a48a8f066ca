/** HTTP of policies, exceptions, decisions, and judging again. */
import {
  exceptionStates,
  limits,
  nearestName,
  operations,
  Problem,
  readMoment,
  type MomentDirection,
  type RejudgeStatus,
  type StoredException,
} from '@lazaret/protocol';
import { z } from 'zod';

import { checkCursor, route, type CallContext, type Route } from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import { chooseProject, projectsWith, type ProjectScope } from '../floor/principal.ts';
import type { SliceContext } from '../floor/slice.ts';
import { listProjectNames } from '../access/index.ts';
import { withWholeDigest, withWholeReference } from '../registries/index.ts';
import { describeCheck, requireDocument } from './check-document.ts';
import type { JudgingParts } from './decide-arrivals.ts';
import { explainDigest } from './explain.ts';
import type { PolicySet } from './policy-set.ts';
import { previewPolicy } from './preview.ts';
import {
  addEffect,
  addEffects,
  listDecisions,
  readDecision,
  type EffectParts,
} from './read-decisions.ts';
import { listPolicies, listVersions, readPolicy } from './read-policies.ts';
import { readRejudge, requestRejudge, setPaused } from './rejudge.ts';
import { addException, importVex, listExceptions, removeException } from './store-exceptions.ts';
import { applyPolicy, removePolicy } from './store-policies.ts';
import { testDocument } from './test-document.ts';

export type PolicyRouteParts = JudgingParts &
  Pick<EffectParts, 'readEffects'> &
  Pick<SliceContext, 'onEvents' | 'changed' | 'wake'>;

export function policyRoutes(parts: PolicyRouteParts): Route[] {
  return [
    ...documentRoutes(parts),
    ...exceptionRoutes(parts),
    ...rejudgeRoutes(parts),
    ...decisionRoutes(parts),
  ];
}

/** Those who wait for the end of judging again wait for this. */
export function rejudgeSignal(project: string): string {
  return `rejudge ${project}`;
}

interface Asked {
  readonly project?: string | undefined;
}

function readIn({ principal }: CallContext, { project }: Asked): string {
  return chooseProject(principal, 'policies.read', project);
}

/** Of a list: the project that is asked for, or all that the caller may read. */
async function projectsToRead(
  { database }: PolicyRouteParts,
  context: CallContext,
  asked: Asked,
): Promise<readonly string[]> {
  if (asked.project !== undefined) return [readIn(context, asked)];
  const scope = projectsWith(context.principal, 'policies.read');
  return scope === 'all' ? listProjectNames(database) : scope.toSorted();
}

/** `PROJECT/NAME` of the last policy of a page. */
const listCursor = z.string().regex(/^[^/]{1,200}\/[^/]{1,200}$/);

function manageIn({ principal }: CallContext, { project }: Asked): string {
  return chooseProject(principal, 'policies.manage', project);
}

/** The watcher judges again at once, if it is in this process. */
function afterChange({ onEvents, wake }: PolicyRouteParts): void {
  onEvents();
  wake('watcher');
}

function documentRoutes(parts: PolicyRouteParts): Route[] {
  const { database, sets } = parts;
  const { policies } = operations;
  return [
    route(policies.list, async ({ query }, context) => {
      checkCursor(query.cursor, listCursor);
      const all = await listPolicies(database, await projectsToRead(parts, context, query), sets);
      const keys = all.map(({ project, name }) => `${project}/${name}`);
      const start = keys.indexOf(query.cursor ?? '') + 1;
      const end = start + query.limit;
      const next = end >= all.length ? null : (keys[end - 1] ?? null);
      return { items: all.slice(start, end), next };
    }),
    route(policies.show, ({ params, query }, context) =>
      readPolicy(database, { ...params, ...query, project: readIn(context, query) }, sets),
    ),
    route(policies.versions, ({ params, query }, context) =>
      listVersions(database, { ...params, ...query, project: readIn(context, query) }),
    ),
    route(policies.validate, ({ body }) => describeCheck(body.document)),
    route(policies.test, ({ body }, { signal }) => testDocument(body.document, signal)),
    route(policies.apply, async ({ body }, context) => {
      const project = manageIn(context, body);
      const { name } = requireDocument(body.document);
      const actor = context.principal.name;
      const { document, expectedVersion } = body;
      await applyPolicy(database, { project, document, actor, expectedVersion });
      afterChange(parts);
      return readPolicy(database, { project, name }, sets);
    }),
    route(policies.remove, async ({ params, query }, context) => {
      const project = manageIn(context, query);
      await removePolicy(database, { ...params, project, actor: context.principal.name });
      afterChange(parts);
    }),
  ];
}

function exceptionRoutes(parts: PolicyRouteParts): Route[] {
  const { database, now } = parts;
  const { exceptions } = operations;
  return [
    route(exceptions.list, ({ query }, { principal }) => {
      const { expiresBefore, ...rest } = query;
      const until = toTime(expiresBefore, { direction: 'ahead', nowMs: now() });
      const scope = projectsWith(principal, 'policies.read');
      return listExceptions(database, scope, { ...rest, expiresBefore: until });
    }),
    route(exceptions.show, ({ params }, { principal }) =>
      readException(parts, params.id, projectsWith(principal, 'policies.read')),
    ),
    route(exceptions.add, async ({ body }, context) => {
      const { project: asked, reason, owner, expires, ...given } = body;
      const project = manageIn(context, { project: asked });
      const match = await withWholeImage(database, project, given);
      const actor = context.principal.name;
      const about = { project, match, reason, owner: owner ?? actor, expires, actor };
      const id = await addException(database, about, { nowMs: now() });
      afterChange(parts);
      const stored = await readException(parts, id, 'all');
      const set = await parts.sets.read(database, project);
      return { ...stored, warnings: findUnknownRule(set, match.rule) };
    }),
    route(exceptions.remove, async ({ params }, { principal }) => {
      const scope = projectsWith(principal, 'policies.manage');
      await removeException(database, { ...params, scope, actor: principal.name });
      afterChange(parts);
    }),
    route(exceptions.importVex, async ({ query }, context) => {
      const project = manageIn(context, query);
      const actor = context.principal.name;
      const document = await readText(context);
      const request = { ...query, document, project, owner: query.owner ?? actor, actor };
      const result = await importVex(database, request, { nowMs: now() });
      afterChange(parts);
      return result;
    }),
  ];
}

async function readText(context: CallContext): Promise<string> {
  const { stream } = await context.upload();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limits.vexDocumentBytes) {
      const detail = `expected at most ${limits.vexDocumentBytes} bytes`;
      throw new Problem('payload_too_large', detail);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readException(
  { database }: PolicyRouteParts,
  id: string,
  scope: ProjectScope,
): Promise<StoredException> {
  const { items } = await listExceptions(database, scope, { id, limit: 1, state: exceptionStates });
  const [found] = items;
  if (found === undefined) throw new Problem('not_found', `there is no exception ${id}`);
  return found;
}

function rejudgeRoutes(parts: PolicyRouteParts): Route[] {
  const { database, changed } = parts;
  const { policies } = operations;
  const pause = async (project: string, isPaused: boolean): Promise<RejudgeStatus> => {
    await setPaused(database, project, isPaused);
    afterChange(parts);
    return readRejudge(database, project);
  };
  return [
    route(policies.rejudge, async ({ body }, context) => {
      const project = manageIn(context, body);
      await requestRejudge(database, { project, actor: context.principal.name });
      afterChange(parts);
      return readRejudge(database, project);
    }),
    route(policies.rejudgeStatus, ({ query }, context) => {
      const project = readIn(context, query);
      return longPoll({
        read: () => readRejudge(database, project),
        isSettled: ({ state }) => state !== 'running',
        changed: (until) => changed(rejudgeSignal(project), until),
        ...{ waitMs: query.waitSeconds * 1_000, signal: context.signal },
      });
    }),
    route(policies.rejudgePause, ({ body }, context) => pause(manageIn(context, body), true)),
    route(policies.rejudgeResume, ({ body }, context) => pause(manageIn(context, body), false)),
    route(policies.preview, ({ body }, context) =>
      previewPolicy(parts, {
        ...{ project: readIn(context, body), signal: context.signal },
        ...{ document: body.document, images: body.images },
      }),
    ),
  ];
}

function decisionRoutes(parts: PolicyRouteParts): Route[] {
  const { database } = parts;
  const { decisions } = operations;
  return [
    route(decisions.list, async ({ query }, { principal }) => {
      const scope = projectsWith(principal, 'policies.read');
      const since = toTime(query.since, { direction: 'ago', nowMs: parts.now() });
      const ask = { ...query, ...(await withWholeDigest(database, scope, query)), since };
      const page = await listDecisions(database, scope, ask);
      return { ...page, items: await addEffects(parts, page.items) };
    }),
    route(decisions.explain, async ({ query }, { principal }) => {
      const scope = projectsWith(principal, 'policies.read');
      const ask = { ...query, ...(await withWholeDigest(database, scope, query)) };
      return { items: await explainDigest(parts, scope, ask) };
    }),
    route(decisions.show, async ({ params }, { principal }) => {
      const scope = projectsWith(principal, 'policies.read');
      return addEffect(parts, await readDecision(database, scope, params.id));
    }),
  ];
}

/** Stored exceptions have whole digests: a start may become ambiguous. */
async function withWholeImage<T extends { readonly image?: string | undefined }>(
  database: PolicyRouteParts['database'],
  project: string,
  match: T,
): Promise<T> {
  if (match.image === undefined) return match;
  const given = { text: match.image, path: 'body.image' };
  return { ...match, image: await withWholeReference(database, [project], given) };
}

function toTime(
  text: string | undefined,
  how: { readonly direction: MomentDirection; readonly nowMs: number },
): string | undefined {
  return text === undefined ? undefined : readMoment(text, how)?.toISOString();
}

/** A rule may be of a later policy, so that an unknown one is accepted. */
function findUnknownRule({ policies: all, fallback }: PolicySet, rule?: string): string[] {
  const known = [...all, fallback].flatMap(({ policy }) => policy.rules.map(({ id }) => id));
  if (rule === undefined || known.includes(rule)) return [];
  const nearest = nearestName(rule, known);
  const advice = nearest === undefined ? '.' : `; did you mean "${nearest}"?`;
  const what = `no policy in force has the rule "${rule}"${advice}`;
  return [`${what} The exception applies once a policy has it.`];
}
