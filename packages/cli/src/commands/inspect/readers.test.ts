import { tmpdir } from 'node:os';

import { describe, expect, it } from 'vitest';

import { runInside, type RunResult } from '../../testing/run-program.ts';

function readers(...argv: readonly string[]): Promise<RunResult> {
  return runInside(['inspect', 'readers', ...argv], { home: tmpdir() });
}

describe('lazaret inspect readers', () => {
  it('lists every reader with its ecosystem and the types of its packages', async () => {
    const { exitCode, stdout } = await readers();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^READER +ECOSYSTEM +PACKAGES +READS$/m);
    expect(stdout).toMatch(/^dpkg +dpkg +deb +the status file/m);
    expect(stdout).toMatch(/^go-binary +go +golang +modules/m);
    const { stdout: ids } = await readers('--quiet');
    expect(ids.split('\n')).toContain('npm-lock');
  });

  it('prints all of it as JSON, with what is not read', async () => {
    const all = JSON.parse((await readers('-o', 'json')).stdout) as {
      name: string;
      readers: { id: string; maxBytes: number; files: { pattern: string }[] }[];
      notRead: { pattern: string; reason: string }[];
    }[];
    const npm = all.find(({ name }) => name === 'npm');
    expect(npm?.readers.map(({ id }) => id)).toContain('yarn-lock');
    expect(npm?.readers[1]?.files).toContainEqual({ pattern: '**/package-lock.json' });
    expect(npm?.notRead.map(({ pattern }) => pattern)).toContain('**/deno.lock');
  });

  it('shows one ecosystem, by its name or that of a reader', async () => {
    const { stdout } = await readers('go');
    expect(stdout).toContain('**/* (ELF, PE or Mach-O)');
    expect(stdout).toMatch(/Not read:\n {2}\S*go\.mod/);
    expect(stdout).toContain('Known gaps:');
    expect((await readers('go-binary')).stdout).toBe(stdout);
    expect(JSON.parse((await readers('go', '-o', 'json')).stdout)).toMatchObject({ name: 'go' });
  });

  it('refuses an unknown name, and suggests the nearest', async () => {
    const { exitCode, stdout, stderr } = await readers('npn');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('no ecosystem or reader "npn"');
    expect(stderr).toContain('Did you mean "npm"?');
  });
});
