import { expect, test } from 'vitest';

import { shortenImageName } from './image-name.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const long = 'registry.internal.example.org/platform/team-payments/services/checkout/web';

test.each([
  ['lab/app:1.0', 'lab/app:1.0'],
  [`lab/app@${digest}`, 'lab/app@sha256:0123456789ab…'],
  [`lab/app:1.0@${digest}`, 'lab/app:1.0'],
  [`${long}:2026-11-30`, 'registry.internal.example.org/…/checkout/web:2026-11-30'],
  [`${long}@${digest}`, 'registry.internal.example.org/…/web@sha256:0123456789ab…'],
  [`${long}:${'1'.repeat(40)}`, `…/web:${'1'.repeat(40)}`],
  [`a/${'x'.repeat(70)}:tag`, `…/${'x'.repeat(27)}…${'x'.repeat(25)}:tag`],
])('the name %s is shown as %s', (name, expected) => {
  expect(shortenImageName(name)).toBe(expected);
});
