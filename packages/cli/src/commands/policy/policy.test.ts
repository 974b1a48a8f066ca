/** `lazaret policy` on real files, without a server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { cleanReport, sampleReport } from '../../../../../test/fixtures/sample-reports.ts';
import { runInside, type RunOptions, type RunResult } from '../../testing/run-program.ts';

const shipped = fileURLToPath(new URL('../../../../../policies/', import.meta.url));

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-policy-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(home, name);
  await writeFile(path, text);
  return path;
}

function policy(words: readonly string[], options: Partial<RunOptions> = {}): Promise<RunResult> {
  return runInside(['policy', ...words], { home, ...options });
}

const head = 'schema: lazaret-policy/1\nname: sample\n';
const rules = `rules:
  - id: infected
    condition: findings.exists(f, f.class == "malware")
    message: '{{ evidence[0].rule }} in {{ evidence[0].path }}'
    actions: [report, quarantine]
`;
const passing = `tests:
  - name: malware fails
    facts: { findings: [{ class: malware, rule: Eicar, path: a }] }
    expect: { verdict: fail, matched: [infected] }
`;

test('the policies that are shipped are valid, and their tests pass', async () => {
  const validated = await policy(['validate', shipped]);
  expect(validated).toMatchObject({ exitCode: 0, stderr: '' });
  expect(validated.stdout).toMatch(/^valid: .*default\.yaml: default, \d+ rules, /);
  const tested = await policy(['test', shipped]);
  expect(tested.stdout).toMatch(/\d+ tests: \d+ passed\n$/);
  expect(tested).toMatchObject({ exitCode: 0, stderr: '' });
});

describe('validate', () => {
  test('prints every fault with file, line and column', async () => {
    const path = await write(
      'a.yaml',
      `${head}rules:\n  - id: a\n    condition: findngs.size() > 0\n`,
    );
    const { exitCode, stdout } = await policy(['validate', path]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      `error: ${path}:5:16: rules[0].condition: unknown variable "findngs"; did you mean "findings"?\n`,
    );
  });

  test('prints faults of tests next to a policy, and warnings', async () => {
    await write('a.yaml', `${head}${rules}`);
    const tests = await write('a.test.yaml', 'tests:\n  - { name: t, expect: { matched: [x] } }\n');
    const { exitCode, stdout } = await policy(['validate', home]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`error: ${tests}:2:36: tests[0].expect.matched[0]: unknown rule "x"`);
    expect(stdout).toContain('warning: ');
    expect(stdout).not.toContain('valid:');
  });

  test('answers in JSON', async () => {
    const path = await write('a.yaml', `${head}rulez: []\n`);
    const { stdout } = await policy(['validate', path, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        file: path,
        valid: false,
        faults: [{ line: 3, column: 1, path: 'rulez' }, { path: 'rules' }],
      },
    ]);
  });

  test('checks VEX documents, and lists the statements that are not used', async () => {
    const statements = [
      { vulnerability: { name: 'CVE-1' }, products: ['pkg:deb/a'], status: 'affected' },
    ];
    await write('ok.json', JSON.stringify({ '@context': 'https://openvex.dev/ns', statements }));
    const vex = (file: string): string =>
      `${head}${rules}vex: [{ file: ${file}, owner: alice, expires: 2099-01-01 }]\n`;
    const good = await policy(['validate', await write('a.yaml', vex('ok.json'))]);
    expect(good.stdout).toContain(
      'ok.json: statements[0] (CVE-1): status "affected" accepts nothing',
    );
    expect(good.exitCode).toBe(0);
    const missing = await policy(['validate', await write('b.yaml', vex('no.json'))]);
    expect(missing.stdout).toContain('vex[0]: ');
    expect(missing.stdout).toContain('no.json: no such file or directory');
    expect(missing.exitCode).toBe(1);
  });

  test.each([
    [['/no/such.yaml'], '/no/such.yaml: no such file or directory'],
    [['.'], 'contains no policy (*.yaml)'],
  ])('%j is an invalid command line', async (words, message) => {
    const empty = join(home, 'empty');
    await mkdir(empty);
    const result = await policy([
      'validate',
      ...words.map((word) => (word === '.' ? empty : word)),
    ]);
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(2);
  });
});

describe('test', () => {
  test('runs the tests of a policy and those in the file next to it', async () => {
    const path = await write('a.yaml', `${head}${rules}${passing}`);
    const report = await write('clean.json', JSON.stringify(cleanReport()));
    await write(
      'a.test.yaml',
      `tests:\n  - { name: clean, report: clean.json, expect: { matched: [] } }\n`,
    );
    const { exitCode, stdout } = await policy(['test', path]);
    expect(stdout).toBe(`${path}\n  ✓ malware fails\n  ✓ clean\n2 tests: 2 passed\n`);
    expect(exitCode).toBe(0);
    await rm(report);
    const missing = await policy(['test', path]);
    expect(missing.stdout).toContain('clean.json: no such file or directory');
    expect(missing.exitCode).toBe(1);
  });

  test('a test that fails shows what was expected, what is, and why', async () => {
    const wrong = passing.replace('verdict: fail', 'verdict: pass');
    const path = await write('a.yaml', `${head}${rules}${wrong}`);
    const { exitCode, stdout } = await policy(['test', path]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      [
        path,
        '  ✗ malware fails',
        '      verdict',
        '        - expected  pass',
        '        + actual    fail',
        '        because     infected: Eicar in a',
        '1 test: 1 failed, 0 passed\n',
      ].join('\n'),
    );
  });

  test('a policy without tests is a failure, since nothing was tested', async () => {
    const path = await write('a.yaml', `${head}${rules}`);
    const { exitCode, stderr } = await policy(['test', path]);
    expect(stderr).toBe(`error: ${path} has no tests; add \`tests\` to it\n`);
    expect(exitCode).toBe(1);
  });

  test('answers in JSON', async () => {
    const path = await write('a.yaml', `${head}${rules}${passing}`);
    const { stdout } = await policy(['test', path, '-o', 'json']);
    const decided = { verdict: 'fail', rules: [{ id: 'infected', state: 'matched' }] };
    expect(JSON.parse(stdout)).toMatchObject([
      {
        file: path,
        policy: 'sample',
        tests: [{ name: 'malware fails', passed: true, differences: [], problems: [], decided }],
      },
    ]);
  });

  test('an invalid policy is refused with its faults', async () => {
    const path = await write('a.yaml', `${head}rules: []\n`);
    const { exitCode, stderr } = await policy(['test', path]);
    expect(stderr).toContain(`${path} is not a valid policy`);
    expect(stderr).toContain(`${path}:3:1: rules: expected at least 1 item`);
    expect(exitCode).toBe(1);
  });
});

describe('explain', () => {
  test('says of each rule whether it matches, with evidence and actions', async () => {
    const path = await write('a.yaml', `${head}${rules}`);
    const report = await write('r.json', JSON.stringify(sampleReport()));
    const { exitCode, stdout } = await policy(['explain', path, '--report', report]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Verdict     FAIL');
    expect(stdout).toContain('✗ infected  matched');
    expect(stdout).toContain('true       findings.exists(f, f.class == "malware")');
    expect(stdout).toContain('quarantine: withheld (actions.quarantine.enabled is not true');
  });

  test('takes the report from standard input, and the time and place from flags', async () => {
    const text = `${head}rules:
  - id: prod
    appliesTo: { registries: [r.example], repositories: ['prod/*'], tags: ['1'] }
    condition: now == timestamp("2027-01-31T00:00:00Z")\n`;
    const path = await write('a.yaml', text);
    const words = ['explain', path, '--report', '-', '-o', 'json', '--now', '2027-01-31T00:00:00Z'];
    const place = ['--registry', 'r.example', '--repository', 'prod/a', '--tag', '1'];
    const stdin = JSON.stringify(cleanReport());
    const { stdout } = await policy([...words, ...place], { stdin });
    expect(JSON.parse(stdout)).toMatchObject({ rules: [{ id: 'prod', state: 'matched' }] });
    const elsewhere = await policy([...words, ...place, '--tag', '2'], { stdin });
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({
      rules: [{ state: 'not-applicable', reason: 'tag 2 is not selected' }],
    });
  });

  test('gives the verdict as exit code on request', async () => {
    const path = await write('a.yaml', `${head}${rules}`);
    const code = async (report: object): Promise<number> => {
      const words = ['explain', path, '--report', '-', '--exit-code', '-q'];
      return (await policy(words, { stdin: JSON.stringify(report) })).exitCode;
    };
    expect(await code(cleanReport())).toBe(0);
    expect(await code(sampleReport())).toBe(10);
    const { coverage } = cleanReport();
    expect(await code({ ...cleanReport(), coverage: { ...coverage, complete: false } })).toBe(12);
  });

  test('text of an image is never interpreted by the terminal', async () => {
    const evil = '\u001B[2Jevil';
    const [first] = sampleReport().findings;
    const report = await write(
      'r.json',
      JSON.stringify({ ...sampleReport(), findings: [{ ...first, class: 'malware', path: evil }] }),
    );
    const path = await write('a.yaml', `${head}${rules}`);
    const { stdout } = await policy(['explain', path, '--report', report]);
    expect(stdout).toContain('evil');
    expect(stdout).not.toContain('\u001B[2J');
  });

  test.each([
    [['--report', '/no/such'], '/no/such: no such file or directory'],
    [[], 'missing --report FILE'],
    [['--report', '-', '--now', 'soon'], 'invalid --now "soon"'],
  ])('%j is an invalid command line', async (words, message) => {
    const path = await write('a.yaml', `${head}${rules}`);
    const { exitCode, stderr } = await policy(['explain', path, ...words], { stdin: '{}' });
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});
