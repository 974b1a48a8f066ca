// Not in the quick check: random texts are read as manifests.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { Problem } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { guessName, parseManifest } from './parse-manifest.ts';

const base = 'name: tool\nimage: lab/tool:1\n';

function refusal(text: string): { detail: string; paths: string[] } {
  try {
    parseManifest(text);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('invalid_manifest');
    return { detail: error.message, paths: error.fields.map((field) => field.path) };
  }
  throw new Error('expected a refusal');
}

test.each(['apktool', 'strings'])('the manifest of %s that ships is valid', async (name) => {
  const path = join(import.meta.dirname, '../../../../engines', name, 'manifest.yaml');
  expect(parseManifest(await readFile(path, 'utf8'))).toMatchObject({ name, network: 'none' });
});

test('defaults are set, sizes and durations parsed', () => {
  expect(parseManifest(`${base}timeLimit: 90s\nresources: { memory: 1GiB }`)).toMatchObject({
    timeLimit: 90,
    resources: { memory: 2 ** 30, cpus: 1 },
    user: '65532:65532',
    output: { missing: 'fail', empty: 'fail' },
  });
});

test('JSON is accepted', () => {
  expect(parseManifest('{"name": "tool", "image": "lab/tool:1", "shell": "run"}').shell).toBe(
    'run',
  );
});

test.each([
  ['imagee: x\n', 'line 3: imagee: unknown field; did you mean image?'],
  ['resources:\n  memroy: 1GiB\n', 'line 4: resources.memroy:'],
  ['resources:\n  memroy: 1GiB\n', 'did you mean memory?'],
  ['output: { mount: /out,\n  emtpy: fail }\n', 'line 4: output.emtpy:'],
  ['zzz: 1\n', 'expected one of name, version,'],
  ['user: root\n', 'line 3: user: '],
  [
    'resources:\n  cpus: 1\n  memory: lots\n',
    'line 5: resources.memory: expected "512MiB" or bytes',
  ],
  ['input: { count: { min: 3 } }\n', 'input.count: min is above max'],
  ['command: [a]\nshell: b\n', 'line 4: shell: give either command or shell'],
  ['name: other\n', 'line 3: Map keys must be unique'],
  ['---\nname: b\n', 'expected one YAML document, received 2'],
  ['description: !!js/function "x"\n', 'Unresolved tag'],
  ['command: [a\n', 'line '],
])('%j is refused with line, path and advice', (addition, expected) => {
  expect(refusal(base + addition).detail).toContain(expected);
});

test('a misspelled name is reported before the field that is missing because of it', () => {
  const { detail } = refusal('name: tool\nimagee: lab/x\n');
  expect(detail).toMatch(/^line 2: imagee: .*did you mean image\?; image: expected string/);
});

test('every wrong field is listed', () => {
  const { paths, detail } = refusal(`${base}cpus: 1\ntimeLimit: soon\nuser: -1\n`);
  expect(paths.toSorted()).toEqual(['cpus', 'timeLimit', 'user']);
  expect(detail).toMatch(/^line 3: cpus: .*; line \d: .*; line \d: /);
  const many = Array.from({ length: 9 }, (_, number) => `unknown${number}: 1\n`).join('');
  expect(refusal(base + many).detail).toContain('(and 4 more)');
});

// Failures of earlier programs: an engine name became a route without a check of reserved words.
test.each(['result', 'link', 'files', 'console', 'monitor', 'api', 'metrics', 'upload'])(
  'the name %s is reserved for a route',
  (name) => {
    expect(refusal(`name: ${name}\nimage: x\n`)).toMatchObject({ paths: ['name'] });
  },
);

test.each(['a', 'A', '1a', 'a_b', 'a/b', '../x', 'a'.repeat(32), 'a b', ''])(
  'the name %j is refused',
  (name) => {
    expect(refusal(`name: ${JSON.stringify(name)}\nimage: x\n`)).toMatchObject({ paths: ['name'] });
  },
);

test('anchors and aliases are refused before they expand', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level += 1) {
    const before = String.fromCharCode(96 + level);
    const name = String.fromCharCode(97 + level);
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  expect(refusal(bomb.join('\n')).detail).toContain('anchors are not supported');
  expect(refusal(`${base}version: &x "1"\n`).detail).toContain('line 3: anchors are not supported');
});

test('nesting deeper than the stack is refused', () => {
  expect(refusal('['.repeat(10_000)).detail).toBeTruthy();
  expect(refusal(`${base}a: ${'{a: '.repeat(5_000)}`).detail).toBeTruthy();
});

test.each(['', '~', '[]', 'just text', '42', '---', '\ufeff'])('%j is not a manifest', (text) => {
  expect(refusal(text).detail).toBeTruthy();
});

test('any text is a manifest or a problem, never an internal error', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      'name: ',
      'image',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '&a ',
      '*a',
      '!!',
      '"',
    ),
    fc.constantFrom('<<: ', '__proto__: ', '? ', '| ', '> ', '%YAML 1.1\n', '---\n', '...\n', '#'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        parseManifest(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
      }
    }),
    { numRuns: 200 },
  );
});

test.each(['description: "a\\0b"', 'description: "\\ud800"', 'version: .inf', '"\\0": 1'])(
  '%s is refused: the database could not store it',
  (line) => {
    expect(refusal(`${base}${line}\n`).detail).toContain('line 3: expected text without NUL');
  },
);

test('a prototype cannot be set', () => {
  expect(refusal(`${base}__proto__: { trusted: true }\n`).detail).toContain('__proto__');
  expect(refusal(`${base}environment: { __proto__: x }\n`)).toBeTruthy();
});

test('the name of a refused text is guessed if possible', () => {
  expect(guessName('image: x\nname: tool # mine\nbad: [')).toBe('tool');
  expect(guessName('{\n  "name": "tool",\n')).toBe('tool');
  expect(guessName('nothing: here')).toBeUndefined();
});
