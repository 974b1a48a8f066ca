import { afterAll, beforeAll, describe } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import { describeExecutor } from './executor.suite.ts';
import { createProbeImage, dockerAddress } from './probe-image.ts';
import type { ProbeImage } from './probe-image.ts';

let image: ProbeImage;
beforeAll(async () => {
  image = await createProbeImage();
});
afterAll(async () => {
  await image.remove();
});

describe('the Docker executor', () => {
  describeExecutor(() => ({
    createExecutor: () => createDockerExecutor({ address: dockerAddress, now: Date.now }),
    image: image.tag,
    spec: (shell, changes) => image.spec(shell, changes),
  }));
});
