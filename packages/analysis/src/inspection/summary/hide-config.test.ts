/** A report must not contain the secrets that it warns of: it is printed, stored and compared. */
import { expect, test } from 'vitest';

import { buildImage } from '../../testing/image-builder.ts';
import type { ImageInput } from '../../testing/image-builder.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { findSecrets } from '../../scan/secrets/find-secrets.ts';
import { alnum, secretSamples } from '../../scan/secrets/testing/secret-samples.ts';
import { inspect } from '../inspect.ts';

const token = `${'gh'}p_${alnum(36)}`;
const hidden = 'ghp_[40 characters]';
const word = alnum(9);

type Report = Awaited<ReturnType<typeof inspect>>[number];

async function reportOf(about: Partial<ImageInput>, secrets = true): Promise<Report> {
  const source = memorySource(await buildImage({ layers: [{ entries: [] }], ...about }));
  const options = { toolVersion: '1', now: () => 0, parallel: 0, scanners: { secrets } };
  const [report] = await inspect(source, options);
  if (report === undefined) throw new Error('an image without its report');
  return report;
}

test('a secret in the environment, a label, a command or the history is masked everywhere', async () => {
  const history = [{ created_by: `RUN TOKEN=${token} make café`, comment: token }];
  const report = await reportOf({
    config: {
      Env: ['PATH=/usr/bin', `TOKEN=${token}`, `URL=postgres://app:${word}@db.example/app`],
      Labels: { note: `with ${token}`, app: word },
      Cmd: ['serve', '--token', token],
    },
    configFields: { history },
  });
  const { config } = report.image ?? {};
  expect(config).toMatchObject({
    env: ['PATH=/usr/bin', `TOKEN=${hidden}`, 'URL=postgres://app:[9 characters]@db.example/app'],
    // A short word may have another meaning elsewhere.
    labels: { note: `with ${hidden}`, app: word },
    cmd: ['serve', '--token', hidden],
    history: [{ createdBy: `RUN TOKEN=${hidden} make café`, comment: hidden }],
  });
  expect(report.layers[0]?.createdBy).toBe(`RUN TOKEN=${hidden} make café`);
  expect(JSON.stringify(report)).not.toContain(token);
  expect(report.findings.length).toBeGreaterThan(0);
});

test.each(secretSamples)('%s: nothing of it is left', async (_rule, text) => {
  const report = await reportOf({ config: { Env: [`VALUE=${text}`] } });
  const { secrets } = findSecrets(Buffer.from(text), { path: 'x', isBinary: false });
  const shown = JSON.stringify(report.image?.config);
  for (const { secretAt, secretBytes, hidden: instead, rule } of secrets) {
    if (!report.findings.some((each) => each.rule === rule)) continue;
    const secret = Buffer.from(text)
      .subarray(secretAt, secretAt + secretBytes)
      .toString();
    if (rule !== 'private-key-putty')
      expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
    if (!rule.startsWith('private-key')) expect(shown).toContain(instead);
    // The part of a key after its first line is masked too.
    else expect(shown).not.toMatch(/[A-Za-z0-9+/]{40}/);
  }
});

test('nothing is masked without the secrets scanner', async () => {
  const report = await reportOf({ config: { Env: [`TOKEN=${token}`] } }, false);
  expect(report.image?.config?.env).toEqual([`TOKEN=${token}`]);
});
