/**
 * Resources of another project do not exist for the caller: a job, its log, its result, its
 * artifacts, its events. A resource of another project and an unknown one are requested in the same
 * way, and the two responses must not differ in anything but the ids.
 */
import { createHash } from 'node:crypto';

import {
  operations,
  readEventStream,
  type Artifact,
  type Event,
  type Grant,
  type JobDetail,
  type Operation,
} from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders, type Instance } from './support/instance.ts';
import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  type RegistryInstance,
} from './support/registry-instance.ts';
import { addPerson, mintToken, visit, type Visit, type Visitor } from './support/visit.ts';

const { jobs, artifacts, legacy, events, access, images, inspections, searches } = operations;
const missing = {
  job: '0'.repeat(16),
  sha256: createHash('sha256').update('never uploaded').digest('hex'),
  project: 'never',
};
let lab: RegistryInstance;
let instance: Instance;
/** An inspection of the project blue, its image, and content of only this image. */
let inside: { inspection: string; digest: string; reference: string };
const secretOfBlue = 'in the image of blue alone';
/** A successful job of the project blue, and its resources. */
let blue: { job: JobDetail; sample: Artifact; result: string };
const strangers = new Map<string, Visitor>();
let owner: Visitor;

beforeAll(async () => {
  lab = await startWithRegistry({
    engines: [engineFolders.strings],
    arguments: ['--requests-per-minute', '1000000', '--open-legacy'],
  });
  ({ instance } = lab);
  for (const name of ['red', 'blue']) {
    await instance.client.call(access.projectCreate, { body: { name } });
  }
  const root = await addPerson(instance, 'root', [{ role: 'administrator', project: null }]);
  for (const role of ['viewer', 'submitter', 'operator', 'administrator'] as const) {
    const person = await addPerson(instance, `${role}-red`, [{ role, project: 'red' }]);
    strangers.set(`${role} of red`, person.token);
    strangers.set(`${role} of red, signed in`, person.session);
  }
  strangers.set(
    "an administrator's token for red",
    await mintToken(instance, root.session, { project: 'red' }),
  );
  const grants: Grant[] = [{ role: 'submitter', project: 'blue' }];
  owner = (await addPerson(instance, 'owner', grants)).token;
  blue = await runJob(owner, 'blue');
  const built = await buildApp(secretOfBlue);
  lab.registry.store.putImage('lab/blue-only', '1', built);
  const reference = `${lab.registry.host}/lab/blue-only:1`;
  const { id } = await inspectAndWait(instance.client, { reference, project: 'blue' });
  inside = { inspection: id, digest: built.descriptor.digest, reference };
});
afterAll(() => lab.close());

/** Uploads a sample, runs it and waits for its end. */
async function runJob(
  visitor: Visitor,
  project: string,
): Promise<{ job: JobDetail; sample: Artifact; result: string }> {
  const query = { project, name: 'sample.bin' };
  const body = `a sample of ${project} with some strings in it`;
  const sample = await read<Artifact>(artifacts.upload, { visitor, query, body });
  const submission = { engine: 'strings', project, inputs: [{ sha256: sample.sha256 }] };
  const { id } = await read<JobDetail>(jobs.submit, { visitor, body: submission });
  const ask = { visitor, params: { id }, query: { waitSeconds: '45' } };
  const job = await read<JobDetail>(jobs.show, ask);
  if (job.state !== 'succeeded') throw new Error(`the job ended ${JSON.stringify(job.outcome)}`);
  return { job, sample, result: job.artifacts.find((one) => one.primary)?.sha256 ?? '' };
}

async function read<T>(operation: Operation, ask: Visit & { visitor: Visitor }): Promise<T> {
  const seen = await visit(instance.url, operation, ask);
  if (seen.status >= 400) throw new Error(`${operation.name}: ${seen.text}`);
  return JSON.parse(seen.text) as T;
}

interface Question {
  readonly operation: Operation;
  /** How to request a resource by its identifier. */
  readonly ask: (thing: { job: string; sha256: string; project: string }) => Visit;
  /** Whether the request of the owner succeeds; false if it would change something. */
  readonly open?: boolean;
}

const byJob = (thing: { job: string }): Visit => ({ params: { id: thing.job } });
const bySha = (thing: { sha256: string }): Visit => ({ params: { sha256: thing.sha256 } });

const questions: [string, Question][] = [
  ['the job', { operation: jobs.show, ask: byJob }],
  ['the job, waiting', { operation: jobs.show, ask: withQuery(byJob, { waitSeconds: '1' }) }],
  ['its end', { operation: jobs.cancel, ask: byJob }],
  ['its repetition', { operation: jobs.rerun, ask: byJob, open: false }],
  ['its log', { operation: jobs.log, ask: byJob }],
  ['the log of an attempt', { operation: jobs.log, ask: withQuery(byJob, { attempt: '1' }) }],
  ['its log, live', { operation: jobs.follow, ask: byJob }],
  ['its result', { operation: jobs.result, ask: byJob }],
  [
    'a file of its result',
    { operation: jobs.result, ask: withQuery(byJob, { path: 'x' }), open: false },
  ],
  ['its status in the old way', { operation: legacy.result, ask: byJob }],
  ['its result in the old way', { operation: legacy.link, ask: byJob }],
  ['an artifact', { operation: artifacts.show, ask: bySha }],
  ['the bytes of an artifact', { operation: artifacts.download, ask: bySha }],
  [
    'the jobs over an artifact',
    { operation: jobs.list, ask: ({ sha256 }) => ({ query: { sha256 } }) },
  ],
  [
    'the jobs of a project',
    { operation: jobs.list, ask: ({ project }) => ({ query: { project } }) },
  ],
  ['how many jobs', { operation: jobs.count, ask: ({ project }) => ({ query: { project } }) }],
  ['the trend', { operation: jobs.activity, ask: ({ project }) => ({ query: { project } }) }],
  ['the events', { operation: events.stream, ask: ({ project }) => ({ query: { project } }) }],
  ['an upload', { operation: artifacts.upload, ask: ({ project }) => ({ query: { project } }) }],
  [
    'a submission to a project',
    {
      operation: jobs.submit,
      ask: ({ project }) => ({ body: { engine: 'strings', project } }),
      open: false,
    },
  ],
  [
    'a submission over an artifact',
    {
      operation: jobs.submit,
      ask: ({ sha256 }) => ({ body: { engine: 'strings', inputs: [{ sha256 }] } }),
      open: false,
    },
  ],
  [
    'a token for a project',
    { operation: access.tokenCreate, ask: ({ project }) => ({ body: { name: 'x', project } }) },
  ],
];

function withQuery<T>(
  ask: (thing: T) => Visit,
  query: Readonly<Record<string, string>>,
): (thing: T) => Visit {
  return (thing) => ({ ...ask(thing), query });
}

/** The response without the expected differences: the requested ids, and the id of the request. */
async function answer(
  visitor: Visitor,
  { operation, ask }: Question,
  thing: { job: string; sha256: string; project: string },
): Promise<object> {
  const { status, text, headers } = await visit(instance.url, operation, {
    ...ask(thing),
    visitor,
  });
  const plain = text
    .replaceAll(thing.job, 'JOB')
    .replaceAll(thing.sha256, 'SHA256')
    .replaceAll(new RegExp(`\\b${thing.project}\\b`, 'g'), 'PROJECT')
    .replaceAll(/"requestId":"[^"]+"/g, '');
  const names = [...headers.keys()].filter((name) => !name.startsWith('x-ratelimit'));
  return { status, plain, type: headers.get('content-type'), names };
}

test.each(questions)(
  '%s of another project has the same response as one that never existed',
  async (_, question) => {
    const own = { job: blue.job.id, sha256: blue.sample.sha256, project: 'blue' };
    const results = { ...own, sha256: blue.result };
    for (const [who, visitor] of [...strangers, ['anonymous', {}] as const]) {
      const never = await answer(visitor, question, missing);
      expect([who, await answer(visitor, question, own)]).toEqual([who, never]);
      expect([who, await answer(visitor, question, results)]).toEqual([who, never]);
    }
    if (question.open === false) return;
    const seen = await visit(instance.url, question.operation, {
      ...question.ask(own),
      visitor: owner,
    });
    expect(seen.status).toBeLessThan(300);
  },
);

test('lists and counts contain nothing of another project', async () => {
  for (const [who, visitor] of strangers) {
    const list = await visit(instance.url, jobs.list, { visitor });
    const count = await visit(instance.url, jobs.count, { visitor });
    const projects = await visit(instance.url, access.projectList, { visitor });
    for (const { text, status } of [list, count, projects]) {
      expect([who, status]).toEqual([who, 200]);
      expect([who, text]).toEqual([who, expect.not.stringContaining('blue')]);
      expect([who, text]).toEqual([who, expect.not.stringContaining(blue.job.id)]);
    }
    expect(count.text).toContain('"total":0');
  }
});

interface ImageQuestion {
  readonly operation: Operation;
  readonly ask: (thing: { inspection: string; digest: string; sha256: string }) => Visit;
}

const byDigest = ({ digest }: { digest: string }): Visit => ({ params: { digest } });
const byInspection = ({ inspection }: { inspection: string }): Visit => ({
  params: { id: inspection },
});
const imageQuestions: [string, ImageQuestion][] = [
  ['an inspection', { operation: inspections.show, ask: byInspection }],
  [
    'an inspection, live',
    { operation: inspections.follow, ask: ({ inspection }) => ({ query: { id: inspection } }) },
  ],
  ['the end of one', { operation: inspections.cancel, ask: byInspection }],
  ['an image', { operation: images.show, ask: byDigest }],
  ['its packages', { operation: images.packages, ask: byDigest }],
  ['its files', { operation: images.files, ask: byDigest }],
  ['its findings', { operation: images.findings, ask: byDigest }],
  ['its report', { operation: images.report, ask: byDigest }],
  [
    'its comparison with itself',
    { operation: images.compare, ask: ({ digest }) => ({ params: { digest, other: digest } }) },
  ],
  ['its removal', { operation: images.remove, ask: byDigest }],
  [
    'images by digest',
    { operation: images.list, ask: ({ digest }) => ({ query: { text: digest } }) },
  ],
  ['the search', { operation: searches.run, ask: ({ sha256 }) => ({ query: { sha256 } }) }],
  ['its project', { operation: images.list, ask: () => ({ query: { project: 'blue' } }) }],
];

test.each(imageQuestions)(
  'image: %s of another project has the same response as one that never existed',
  async (_, one) => {
    const sha256 = createHash('sha256').update(secretOfBlue).digest('hex');
    const own = { ...inside, sha256 };
    const never = {
      inspection: missing.job,
      digest: `sha256:${'f'.repeat(64)}`,
      sha256: '0'.repeat(64),
    };
    const answerTo = async (visitor: Visitor, thing: typeof never): Promise<object> => {
      const { status, text } = await visit(instance.url, one.operation, {
        ...one.ask(thing),
        visitor,
      });
      const plain = text
        .replaceAll(thing.inspection, 'ID')
        .replaceAll(thing.digest, 'DIGEST')
        .replaceAll(/"requestId":"[^"]+"/g, '');
      return { status, plain };
    };
    for (const [who, visitor] of [...strangers, ['anonymous', {}] as const]) {
      const seen = await answerTo(visitor, own);
      expect([who, seen]).toEqual([who, await answerTo(visitor, never)]);
      expect(JSON.stringify(seen)).not.toContain(inside.digest);
    }
    if (one.operation === images.remove) return;
    const seen = await visit(instance.url, one.operation, { ...one.ask(own), visitor: owner });
    const isStream = one.operation.outputKind === 'events';
    expect([seen.status, isStream || seen.text.length > 2]).toEqual([200, true]);
  },
);

test('lists of inspections and images, and the search, contain nothing of another project', async () => {
  for (const [who, visitor] of strangers) {
    const seen = [
      await visit(instance.url, inspections.list, { visitor }),
      await visit(instance.url, images.list, { visitor }),
      await visit(instance.url, searches.run, { visitor, query: { path: 'app/' } }),
      await visit(instance.url, searches.run, { visitor, query: { package: 'bash' } }),
    ];
    for (const { status, text } of seen) {
      // Only the search counts its results by kind.
      const { groups = [], ...page } = JSON.parse(text) as { groups?: unknown[] };
      expect([who, status, page, groups]).toEqual([who, 200, { items: [], next: null }, []]);
    }
  }
});

test('the same image in both projects shows each only its own names', async () => {
  const [submitter] = [strangers.get('submitter of red')!];
  const built = await buildApp('in both projects');
  lab.registry.store.putImage('lab/name-in-blue', '1', built);
  lab.registry.store.putImage('lab/name-in-red', '1', built);
  const { host } = lab.registry;
  await inspectAndWait(instance.client, {
    reference: `${host}/lab/name-in-blue:1`,
    project: 'blue',
  });
  const params = { digest: built.descriptor.digest };
  expect((await visit(instance.url, images.show, { visitor: submitter, params })).status).toBe(404);
  await inspectAndWait(instance.client, { reference: `${host}/lab/name-in-red:1`, project: 'red' });
  const seen = await visit(instance.url, images.show, { visitor: submitter, params });
  expect(JSON.parse(seen.text)).toMatchObject({
    project: 'red',
    names: [`${host}/lab/name-in-red:1`],
  });
  expect(seen.text).not.toContain('name-in-blue');
});

test('an event stream contains only the user’s own projects', async () => {
  const { token } = await addPerson(instance, 'watcher-red', [
    { role: 'submitter', project: 'red' },
  ]);
  const stop = new AbortController();
  const response = await fetch(`${instance.url}${events.stream.path}`, {
    headers: token,
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  const elsewhere = await runJob(owner, 'blue');
  const { job } = await runJob(token, 'red');
  const seen: Event[] = [];
  for await (const { data } of readEventStream(response.body!)) {
    const event = data as Event;
    seen.push(event);
    if (event.type === 'job.finished' && event.subject === job.id) break;
  }
  stop.abort();
  expect(seen.map((event) => event.type)).toContain('job.submitted');
  expect(new Set(seen.map((event) => event.project))).toEqual(new Set(['red']));
  expect(JSON.stringify(seen)).not.toContain(elsewhere.job.id);
});

test('the same content in both projects shows each only its own data', async () => {
  const [submitter] = [strangers.get('submitter of red')!];
  const body = 'the same bytes in both projects';
  const there = await read<Artifact>(artifacts.upload, {
    visitor: owner,
    query: { project: 'blue', name: 'secret-name-in-blue.bin' },
    body,
  });
  const params = { sha256: there.sha256 };
  const before = await visit(instance.url, artifacts.show, { visitor: submitter, params });
  expect(before.status).toBe(404);
  await read(artifacts.upload, {
    visitor: submitter,
    query: { project: 'red', name: 'mine.bin' },
    body,
  });
  const after = await read<Artifact>(artifacts.show, { visitor: submitter, params });
  expect(after).toMatchObject({ project: 'red', name: 'mine.bin' });
  const content = await visit(instance.url, artifacts.download, { visitor: submitter, params });
  expect(content.text).toBe(body);
  expect(content.headers.get('content-disposition')).not.toContain('blue');
});

test('a visible but read-only resource answers forbidden, not missing', async () => {
  const grants: Grant[] = [
    { role: 'viewer', project: 'blue' },
    { role: 'submitter', project: 'red' },
  ];
  const { token } = await addPerson(instance, 'reader-of-blue', grants);
  const params = { id: blue.job.id };
  const ask = { visitor: token, params };
  expect((await visit(instance.url, jobs.show, ask)).status).toBe(200);
  expect((await visit(instance.url, jobs.log, ask)).status).toBe(200);
  expect((await visit(instance.url, jobs.cancel, ask)).code).toBe('forbidden');
  expect((await visit(instance.url, jobs.rerun, ask)).code).toBe('forbidden');
  const query = { project: 'blue' };
  const upload = await visit(instance.url, artifacts.upload, { visitor: token, query });
  expect(upload.code).toBe('forbidden');
});

test('a user with access to all projects gets not found for a missing project', async () => {
  const visitor = { authorization: `Bearer ${instance.adminToken}` };
  const query = { project: missing.project };
  const upload = await visit(instance.url, artifacts.upload, { visitor, query });
  expect([upload.status, upload.code]).toEqual([404, 'not_found']);
  // An engine without inputs, so that no other error comes first.
  const manifest = {
    name: 'no-inputs',
    image: 'lazaret/engine-strings:latest',
    input: { count: { min: 0, max: 0 } },
  };
  await instance.client.call(operations.engines.add, { body: { manifest } });
  const body = { engine: 'no-inputs', project: missing.project };
  const submit = await visit(instance.url, jobs.submit, { visitor, body });
  expect([submit.status, submit.code]).toEqual([404, 'not_found']);
});
