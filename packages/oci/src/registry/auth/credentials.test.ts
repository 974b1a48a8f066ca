// Not in the quick check: credential helpers and time limits are waited for.
/** Where credentials are found, and in which order. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';

import { tmpdir } from 'node:os';

import { join } from 'node:path';

import fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { parseCredentialFile } from './credential-file.ts';

import { matchKey } from './credential-keys.ts';

import { runHelper } from './credential-program.ts';

import type { Credential } from './credential.ts';

import { openCredentials } from './credential-sources.ts';

let place = '';
beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'credentials-'));
  place = made;
  onTestFinished(() => rm(made, { recursive: true }));
});

const coded = (text: string): string => Buffer.from(text).toString('base64');
const password = (username: string, secret: string): Credential => ({
  kind: 'password',
  username,
  password: secret,
});

async function write(name: string, value: unknown): Promise<string> {
  const path = join(place, name);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('keys', () => {
  test.each([
    ['images.lab', 'images.lab', 'a/b', 0],
    ['https://images.lab', 'images.lab', 'a/b', 0],
    ['https://images.lab/v1/', 'images.lab', 'a/b', 0],
    ['http://images.lab:5000/v2/', 'images.lab:5000', 'a', 0],
    ['images.lab/v1/', 'images.lab', 'a', 0],
    ['IMAGES.lab', 'images.lab', 'a', 0],
    ['https://index.docker.io/v1/', 'docker.io', 'library/a', 0],
    ['docker.io', 'docker.io', 'library/a', 0],
    ['images.lab/a', 'images.lab', 'a/b', 1],
    ['images.lab/a/b', 'images.lab', 'a/b', 3],
    ['images.lab/a', 'images.lab', 'ab/c', undefined],
    ['images.lab/a/b/c', 'images.lab', 'a/b', undefined],
    ['images.lab', 'images.lab:5000', 'a', undefined],
    ['images.lab.evil', 'images.lab', 'a', undefined],
  ])('%s for %s/%s', (key, host, repository, score) => {
    expect(matchKey(key, host, repository)).toBe(score);
  });
});

describe('files', () => {
  test.each([
    ['a password in auth, with colons', { auth: coded('ana:a:b') }, password('ana', 'a:b')],
    ['an auth that ends in NULs', { auth: coded('ana:a\0\0') }, password('ana', 'a')],
    ['plain fields', { username: 'ana', password: 'a' }, password('ana', 'a')],
    [
      'an identity token',
      { auth: coded('ana:'), identitytoken: 't' },
      { kind: 'identity', username: 'ana', token: 't' },
    ],
    ['a registry token', { registrytoken: 't' }, { kind: 'bearer', token: 't' }],
    ['nothing', {}, undefined],
  ])('%s', async (_, entry, expected) => {
    const dockerConfig = await write('config.json', { auths: { 'images.lab': entry } });
    const source = openCredentials({ dockerConfig });
    expect(await source.find({ host: 'images.lab', repository: 'a' })).toEqual(expected);
    expect(await source.find({ host: 'other.lab', repository: 'a' })).toBeUndefined();
  });

  test('the order of precedence is given, Docker, containers, legacy, pull secrets', async () => {
    const query = { host: 'images.lab', repository: 'team/app' };
    const auths = (secret: string) => ({
      auths: { 'images.lab': { auth: coded(`u:${secret}`) } },
    });
    const secret = {
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': coded(JSON.stringify(auths('secret'))) },
    };
    const all = {
      given: { 'images.lab': password('u', 'given') },
      dockerConfig: await write('config.json', auths('docker')),
      containersAuth: [await write('auth.json', auths('containers'))],
      dockercfg: await write('.dockercfg', auths('legacy').auths),
      pullSecrets: [await write('secret.json', secret)],
    };
    const order = ['given', 'dockerConfig', 'containersAuth', 'dockercfg', 'pullSecrets'] as const;
    const found: unknown[] = [];
    let left: Partial<typeof all> = all;
    for (const name of order) {
      found.push(await openCredentials(left).find(query));
      const { [name]: _, ...rest } = left;
      left = rest;
    }
    expect(found).toEqual(
      ['given', 'docker', 'containers', 'legacy', 'secret'].map((one) => password('u', one)),
    );
  });

  test('the most specific key of a repository wins', async () => {
    const path = await write('auth.json', {
      auths: {
        'images.lab': { auth: coded('all:1') },
        'images.lab/team': { auth: coded('team:2') },
        'images.lab/team/app': { auth: coded('app:3') },
      },
    });
    const source = openCredentials({ containersAuth: [path] });
    const find = (repository: string) => source.find({ host: 'images.lab', repository });
    expect(await find('team/app/x')).toEqual(password('app', '3'));
    expect(await find('team/other')).toEqual(password('team', '2'));
    expect(await find('teams')).toEqual(password('all', '1'));
  });

  test('pull secrets are parsed in YAML, of both types, and as the inner file', async () => {
    const auths = { 'images.lab': { auth: coded('ana:a') } };
    const texts = [
      `kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${coded(JSON.stringify({ auths }))}\n`,
      `kind: Secret\ntype: kubernetes.io/dockercfg\ndata:\n  .dockercfg: ${coded(JSON.stringify(auths))}\n`,
      `kind: Secret\nstringData:\n  .dockerconfigjson: '${JSON.stringify({ auths })}'\n`,
      JSON.stringify({ auths }),
      JSON.stringify(auths),
    ];
    for (const text of texts) {
      const { entries } = parseCredentialFile(text, 'secret');
      expect(entries.get('images.lab'), text).toEqual(password('ana', 'a'));
    }
  });

  test('a file is reloaded when it changes, appears or disappears', async () => {
    const dockerConfig = join(place, 'config.json');
    const source = openCredentials({ dockerConfig });
    const find = () => source.find({ host: 'images.lab', repository: 'a' });
    expect(await find()).toBeUndefined();
    for (const secret of ['one', 'two']) {
      await write('config.json', { auths: { 'images.lab': { auth: coded(`u:${secret}`) } } });
      expect(await find()).toEqual(password('u', secret));
    }
    await rm(dockerConfig);
    expect(await find()).toBeUndefined();
  });

  test('the error for an invalid file does not reveal its content', async () => {
    const texts = ['{"auths": hunter2', '{"auths": {"a": {"auth": ["hunter2"]}}}', '"hunter2"'];
    for (const text of texts) {
      const source = openCredentials({ dockerConfig: await write('config.json', text) });
      const error: unknown = await source
        .find({ host: 'images.lab', repository: 'a' })
        .catch((one: unknown) => one);
      expect(error).toMatchObject({ name: 'SourceError', code: 'unauthorized' });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('hunter2');
      expect((error as Error).cause).toBeUndefined();
    }
  });

  test('a pull secret with YAML warnings is not quoted', async () => {
    const warned: string[] = [];
    const listen = (warning: Error): void => void warned.push(warning.message);
    process.on('warning', listen);
    onTestFinished(() => void process.off('warning', listen));
    expect(() => parseCredentialFile('!hunter2 hunter2: %', 'secret')).toThrow('invalid format');
    // An error at every byte, and no time for a fine message about each.
    expect(() => parseCredentialFile(']'.repeat(100_000), 'secret')).toThrow('invalid format');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warned).toEqual([]);
  });

  test('any text is parsed or refused', () => {
    const text = fc.oneof(fc.string(), fc.json());
    const form = fc.constantFrom('docker', 'dockercfg', 'secret');
    fc.assert(
      fc.property(text, form, (one, kind) => {
        try {
          parseCredentialFile(one, kind);
        } catch (error) {
          expect((error as Error).message).toBe('invalid format');
        }
      }),
    );
  });
});

describe('helpers', () => {
  const environment = () => ({ PATH: `${place}:/usr/bin:/bin` });
  const install = async (script: string): Promise<void> => {
    await chmod(await write('docker-credential-lab', `#!/bin/sh\n${script}\n`), 0o755);
  };
  const ask = (timeoutMs = 10_000) =>
    runHelper('lab', 'images.lab', { environment: environment(), timeoutMs });

  test('a helper gets the server name on stdin', async () => {
    await install(
      `[ "$1" = get ] && read -r server || :\necho '{"ServerURL":"x","Username":"'$server'","Secret":"s"}'`,
    );
    expect(await ask()).toEqual(password('images.lab', 's'));
    await install(`echo '{"ServerURL":"x","Username":"<token>","Secret":"s"}'`);
    expect(await ask()).toEqual({ kind: 'identity', token: 's' });
    await install(`echo 'credentials not found in native keychain'; exit 1`);
    expect(await ask()).toBeUndefined();
  });

  test.each([
    ['echo hunter2; exit 1', 'exited with code 1'],
    ['echo hunter2', 'returned no credentials'],
    ['echo \'{"Username":"hunter2"}\'', 'returned no credentials'],
    ['kill -9 $$', 'killed by a signal'],
    ['head -c 3000000 /dev/zero', 'too much output'],
  ])('the error for a failing helper does not contain its output: %s', async (script, message) => {
    await install(script);
    const error: unknown = await ask().catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(message),
    });
    expect(String(error)).not.toContain('hunter2');
  });

  test('a helper that hangs, is missing or has an invalid name is an error', async () => {
    await install('exec sleep 60');
    await expect(ask(200)).rejects.toThrow('200 ms');
    await expect(runHelper('none', 'images.lab', { environment: environment() })).rejects.toThrow(
      'ENOENT',
    );
    for (const name of ['../lab', 'a/b', '', '-x', 'a;b']) {
      const options = { environment: environment() };
      await expect(runHelper(name, 'images.lab', options)).rejects.toThrow('invalid name');
    }
  });

  test('the helper of a host has precedence over the store, and both over entries of the file', async () => {
    await install(
      `read -r server; case $server in images.lab|https://index.docker.io/v1/) echo '{"Username":"h","Secret":"s"}';; *) echo 'credentials not found in native keychain'; exit 1;; esac`,
    );
    const dockerConfig = await write('config.json', {
      credHelpers: { 'broken.lab': 'none' },
      credsStore: 'lab',
      auths: { 'other.lab': { auth: coded('file:s') }, 'images.lab': { auth: coded('file:s') } },
    });
    const source = openCredentials({ dockerConfig, helperEnvironment: environment() });
    const find = (host: string) => source.find({ host, repository: 'a' });
    expect(await find('images.lab')).toEqual(password('h', 's'));
    expect(await find('docker.io')).toEqual(password('h', 's'));
    expect(await find('other.lab')).toEqual(password('file', 's'));
    await expect(find('broken.lab')).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
