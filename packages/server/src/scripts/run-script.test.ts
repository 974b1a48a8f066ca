/** Scripts in containers of ordinary and hostile images, on the real engine. */
import { readFile } from 'node:fs/promises';
import { anyAnswer } from '@lazaret/docker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startScriptFixture, type ScriptFixture } from './testing/script-fixture.ts';

let lab: ScriptFixture;
let empty = '';
let hostile = '';

const evil = Buffer.from('#!/evil\necho STOLEN\n');

beforeAll(async () => {
  lab = startScriptFixture();
  empty = await lab.load([]);
  const tools = ['sh', 'cat', 'busybox', 'awk', 'bash', 'python3', 'node'];
  hostile = await lab.load([
    { path: 'bin', type: 'directory' },
    ...tools.map((name) => ({ path: `bin/${name}`, mode: 0o755, content: evil })),
    { path: 'etc', type: 'directory' },
    {
      path: 'etc/passwd',
      content: Buffer.from('root:x:0:0::/:/bin/sh\nmallory:x:0:0::/:/bin/sh\n'),
    },
    { path: 'etc/shadow', mode: 0o640, content: Buffer.from('root:*::\n') },
    { path: 'etc/ld.so.preload', content: Buffer.from('/lib/evil.so\n') },
    { path: 'etc/nsswitch.conf', content: Buffer.from('passwd: evil\n') },
    // Where something of ours could be expected.
    { path: 'lazaret', content: Buffer.from('a file') },
    { path: 'lazaret-tools', type: 'symlink', linkPath: '/etc' },
    { path: 'tmp', type: 'symlink', linkPath: '/etc' },
    { path: 'sbin', content: Buffer.from('a file instead of a directory') },
    { path: 'package.json', content: Buffer.from('{"type":"module"}') },
    { path: 'sitecustomize.py', content: Buffer.from('raise SystemExit("STOLEN")') },
    { path: 'os.py', content: Buffer.from('raise SystemExit("STOLEN")') },
  ]);
}, 120_000);
afterAll(() => lab.close());

describe.concurrent('tools', () => {
  test('a shell script runs in an image without any file', async () => {
    const content = 'echo "$LAZARET_IMAGE $LAZARET_PLATFORM"; echo a b | awk \'{print $2}\'; id -u';
    const result = await lab.run(empty, { content });
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0, detail: '' });
    expect(result.stdout.toString()).toBe('registry.lab/app linux/amd64\nb\n65532\n');
  });

  test('programs of the image with the names of tools do not run', async () => {
    const content = 'cat /etc/passwd; ls / | head -3; which awk';
    const result = await lab.run(hostile, { content });
    expect(result.outcome).toBe('succeeded');
    const text = result.stdout.toString();
    expect(text).toContain('mallory:x:0:0');
    expect(text).toMatch(/\/lazaret-[0-9a-f]{24}\/tools\/bin\/awk/);
    expect(text).not.toContain('STOLEN');
  });

  test('Python brings its loader and library, and loads nothing of the image', async () => {
    const content = [
      'import json, os, pwd, re, sys, hashlib, ssl, sqlite3',
      'print(json.dumps({"users": [p.pw_name for p in pwd.getpwall()],',
      '  "os": os.__file__, "path": sys.path, "root": os.path.exists("/etc/ld.so.preload")}))',
    ].join('\n');
    const env = ['PYTHONSTARTUP=/os.py', 'PYTHONPATH=/'];
    const result = await lab.run(hostile, { kind: 'python', content, env });
    expect(result.stderr.toString()).toBe('');
    const output = JSON.parse(result.stdout.toString()) as Record<string, unknown>;
    expect(output).toMatchObject({ users: ['root', 'mallory'], root: true });
    expect(JSON.stringify(output)).not.toContain('site-packages');
    expect(output['os']).toMatch(/^\/lazaret-[0-9a-f]+\/tools\/python\/lib\/python3/);
    expect(result.variablesDropped).toEqual(['PYTHONPATH', 'PYTHONSTARTUP']);
  });

  test('JavaScript runs with the Node.js of the server, as CommonJS', async () => {
    const content =
      'const fs = require("fs"); console.log(fs.readFileSync("/etc/passwd", "utf8").split("\\n").length)';
    const env = ['NODE_OPTIONS=--require /evil.js'];
    const result = await lab.run(hostile, { kind: 'javascript', content, env });
    expect(result.stderr.toString()).toBe('');
    expect(result.stdout.toString()).toBe('3\n');
  });

  test('a static binary runs by itself', async () => {
    const content = await readFile('/bin/busybox');
    // busybox runs the applet that its own name says, and it has no applet `script`.
    const result = await lab.run(empty, { kind: 'binary', content });
    expect(result.stdout.toString() + result.stderr.toString()).toMatch(/applet not found/);
    expect(result).toMatchObject({ outcome: 'exit_code', exitCode: 127 });
  });
});

describe.concurrent('containment', () => {
  test('variables of the image that steer interpreters are dropped, others stay', async () => {
    const env = [
      ...['LD_PRELOAD=/lib/evil.so', 'BASH_ENV=/evil', 'ENV=/evil', 'PATH=/evil', 'IFS=x'],
      ...['APP_MODE=production', 'LAZARET_IMAGE=forged', 'BASH_FUNC_ls%%=() { echo STOLEN; }'],
    ];
    const result = await lab.run(hostile, { content: 'env', env });
    const names = result.stdout
      .toString()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names).toContain('APP_MODE');
    expect(names.filter((name) => /^(LD_|BASH|ENV$|IFS)/.test(name ?? ''))).toEqual([]);
    expect(result.stdout.toString()).not.toMatch(/forged|evil|STOLEN/);
    expect(result.variablesDropped).toEqual([
      'BASH_ENV',
      'BASH_FUNC_ls%%',
      'ENV',
      'IFS',
      'LAZARET_IMAGE',
      'LD_PRELOAD',
      'PATH',
    ]);
  });

  test('there is no network, no capability and nothing to write to but the scratch directory', async () => {
    const content = [
      'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t "',
      'ls /sys/class/net',
      'for d in / /etc "$LAZARET_TOOLS" "$(dirname "$LAZARET_SCRIPT")"; do',
      '  (echo x > "$d/x") 2>/dev/null && echo "open: $d"',
      'done',
      'echo x > "$TMPDIR/x" && cat "$TMPDIR/x"',
      'chmod 777 "$LAZARET_SCRIPT" 2>/dev/null && echo "open: script"',
    ].join('\n');
    for (const user of ['65532:65532', '0:0']) {
      const result = await lab.run(hostile, { content, settings: { user } });
      expect(result.stdout.toString().split('\n')).toEqual([
        ...['CapEff:0000000000000000', 'CapBnd:0000000000000000', 'NoNewPrivs:1', 'Seccomp:2'],
        ...['lo', 'x', ''],
      ]);
    }
  });

  test('only root of a script reads what only root may read', async () => {
    const content = 'cat /etc/shadow';
    expect(await lab.run(hostile, { content })).toMatchObject({
      outcome: 'exit_code',
      exitCode: 1,
    });
    const result = await lab.run(hostile, { content, settings: { user: '0:0' } });
    expect(result.stdout.toString()).toBe('root:*::\n');
  });

  test('nothing of the image is covered: /tmp and links at likely paths are those of the image', async () => {
    const content =
      'readlink /tmp; readlink /lazaret-tools; cat /lazaret; cat /sbin; ls /etc | head -2';
    const result = await lab.run(hostile, { content });
    expect(result.stdout.toString()).toContain('/etc\n/etc\na filea file instead of a directory');
  });
});

describe.concurrent('limits', () => {
  test('nothing of a short output is lost, however quickly the script ends', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, () => lab.run(empty, { content: 'echo out; echo err >&2' })),
    );
    for (const { stdout, stderr } of results) {
      expect([stdout.toString(), stderr.toString()]).toEqual(['out\n', 'err\n']);
    }
  });

  test('endless output is killed and incomplete', async () => {
    const settings = { outputBytes: 4_096 };
    const result = await lab.run(empty, { content: 'yes', settings });
    expect(result).toMatchObject({ outcome: 'output_limit', limitsReached: ['output'] });
    expect(result.stdout).toHaveLength(4_096);
  });

  test('a flood of standard error is killed too, and its start is kept', async () => {
    const result = await lab.run(empty, { content: 'yes >&2', settings: { outputBytes: 4_096 } });
    expect(result).toMatchObject({ outcome: 'output_limit', stderrTruncated: true });
    expect(result.stderr).toHaveLength(256);
  });

  test('a sleep is killed at the time limit, although it ignores signals', async () => {
    const content = 'trap "" TERM INT; echo begun; sleep 600';
    const result = await lab.run(empty, { content, settings: { seconds: 1 } });
    expect(result).toMatchObject({ outcome: 'time_limit', limitsReached: ['time'] });
    expect(result.stdout.toString()).toBe('begun\n');
  });

  test('a fork bomb is bounded, and no success', async () => {
    const content = 'f() { f | f & }; f; sleep 2; exit 0';
    const settings = { processes: 20, seconds: 5 };
    const result = await lab.run(empty, { content, settings });
    expect(result.outcome).not.toBe('succeeded');
    expect(result.limitsReached).toContain('processes');
  });

  test('memory is bounded, and what fills it is no success', async () => {
    const content =
      'head -c 60000000 /dev/zero > "$TMPDIR/a"; tail -c 60000000 /dev/zero | tail -c 50000000 | wc -c';
    const settings = { memoryBytes: 32 * 1024 * 1024, seconds: 20 };
    const result = await lab.run(empty, { content, settings });
    expect(result).toMatchObject({ outcome: 'memory_limit' });
  });

  test('another exit code keeps output and standard error', async () => {
    const result = await lab.run(empty, { content: 'echo fact; echo why >&2; exit 3' });
    expect(result).toMatchObject({ outcome: 'exit_code', exitCode: 3, detail: 'exit code 3' });
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['fact\n', 'why\n']);
  });
});

test('no container and no anonymous volume is left', async () => {
  expect(await lab.executor.list({ 'io.lazaret.instance': lab.instance })).toEqual([]);
  const filters = JSON.stringify({ label: [`io.lazaret.instance=${lab.instance}`] });
  const query = { filters };
  const found = await lab.api.call({ method: 'GET', path: '/volumes', query }, anyAnswer);
  const { Volumes: volumes } = found as { Volumes: { Name: string }[] };
  expect(volumes.every(({ Name }) => Name.startsWith('lazaret-test-tools-'))).toBe(true);
});
