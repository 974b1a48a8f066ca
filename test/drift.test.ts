/** Generated pages are up to date with the code. `npm run docs` writes them. */
import { outcomeCodes, problems } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { fillArchitecture } from '../tools/docs/architecture-tables.ts';
import { generatePages } from '../tools/docs/generated-pages.ts';
import { readText } from './source/source-file.ts';

const pages = [...generatePages()];

test.each(pages)('%s is up to date with the code', (path, text) => {
  expect(readText(path), `${path} is out of date; run: npm run docs`).toBe(text);
});

test('a page that differs from the code is reported', () => {
  const errors = new Map(pages).get('docs/errors.md') ?? '';
  for (const code of Object.keys(problems)) expect(errors).toContain(`\`${code}\``);
  const outcomes = new Map(pages).get('docs/outcomes.md') ?? '';
  for (const code of Object.keys(outcomeCodes)) expect(outcomes).toContain(`\`${code}\``);
  const page = readText('ARCHITECTURE.md');
  const wrong = page.replace('| `protocol` | no other package |', '| `protocol` | `server` |');
  expect(wrong).not.toBe(page);
  expect(fillArchitecture(wrong)).toBe(page);
  expect(() => fillArchitecture('a page without markers')).toThrow('no place');
});
