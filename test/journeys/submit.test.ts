/**
 * J1: a file is submitted with curl, a restricted container analyses it, the result is returned.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders, repository, startInstance, type Instance } from '../support/instance.ts';

const run = promisify(execFile);
const sample = join(repository, 'engines', 'apktool', 'sample.apk');
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance({ engines: [engineFolders.apktool, engineFolders.strings] });
});

afterAll(() => instance.close());

async function curl(...words: string[]): Promise<string> {
  const { stdout } = await run(
    'curl',
    ['-sS', '-H', `authorization: Bearer ${instance.adminToken}`, ...words],
    { encoding: 'latin1', maxBuffer: 2 ** 26 },
  );
  return stdout;
}

async function resultOf(id: string): Promise<{ status: string; summary: string; link: string }> {
  for (;;) {
    const answer = JSON.parse(await curl(`${instance.url}/result/${id}`)) as never as {
      status: string;
      summary: string;
      link: string;
    };
    if (answer.status === 'Success' || answer.status === 'Fail') return answer;
    await pause(200);
  }
}

test.each([
  ['PUT with curl -T', ['-T', sample]],
  ['raw POST', ['-X', 'POST', '--data-binary', `@${sample}`]],
  ['multipart POST', ['-F', `upload=@${sample}`]],
])('%s, then the result and its link, in the legacy format', async (_name, words) => {
  const answer = JSON.parse(await curl(...words, `${instance.url}/apktool/upload`)) as object;
  expect(Object.keys(answer)).toEqual(['jobid']);
  const { jobid } = answer as { jobid: string };
  const result = await resultOf(jobid);
  expect(result).toMatchObject({ status: 'Success', link: `/link/${jobid}` });
  const zip = Buffer.from(await curl(`${instance.url}${result.link}`), 'latin1');
  expect(zip.subarray(0, 2).toString()).toBe('PK');
});

test('the strings engine returns JSON with the hashes of the submitted bytes', async () => {
  const { jobid } = JSON.parse(await curl('-T', '/bin/ls', `${instance.url}/strings/upload`)) as {
    jobid: string;
  };
  const { status, link } = await resultOf(jobid);
  expect(status).toBe('Success');
  const sha256 = createHash('sha256')
    .update(await readFile('/bin/ls'))
    .digest('hex');
  expect(await curl(`${instance.url}${link}`)).toContain(sha256);
});

test('a file that is not an application fails with the reason', async () => {
  const { jobid } = JSON.parse(
    await curl('-T', join(repository, 'package.json'), `${instance.url}/apktool/upload`),
  ) as { jobid: string };
  const { status, summary } = await resultOf(jobid);
  expect(status).toBe('Fail');
  expect(summary).toContain('exit code');
  expect(await curl(`${instance.url}/link/${jobid}`)).toContain('exit code');
});

test('without a token every request is refused', async () => {
  const { stdout } = await run('curl', ['-sS', '-T', sample, `${instance.url}/apktool/upload`]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 401, code: 'unauthenticated' });
});

test('results are served as attachments that browsers do not render', async () => {
  const { jobid } = JSON.parse(await curl('-T', sample, `${instance.url}/strings/upload`)) as {
    jobid: string;
  };
  const { link } = await resultOf(jobid);
  const head = (await curl('-I', `${instance.url}${link}`)).toLowerCase();
  expect(head).toContain('content-disposition: attachment');
  expect(head).toContain('x-content-type-options: nosniff');
  expect(head).toContain('content-type: application/octet-stream');
  expect(head).toContain('content-security-policy: sandbox');
});
