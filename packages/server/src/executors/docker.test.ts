import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import { createEngineProxy } from './testing/engine-proxy.ts';
import type { EngineProxy } from './testing/engine-proxy.ts';
import { describeExecutor } from './executor.suite.ts';
import { createProbeImage, dockerAddress } from './testing/probe-image.ts';
import type { ProbeImage } from './testing/probe-image.ts';

let image: ProbeImage;
let far: EngineProxy;
beforeAll(async () => {
  image = await createProbeImage();
  far = await createEngineProxy();
});
afterAll(async () => {
  await image.remove();
  await far.close();
});

/** Local engines get their inputs in their volumes, remote ones through the archive API. */
const addresses = { near: () => dockerAddress, far: () => far.address };

describe.each(['near', 'far'] as const)('the executor of a %s Docker engine', (place) => {
  describeExecutor(() => ({
    createExecutor: () => createDockerExecutor({ address: addresses[place](), now: Date.now }),
    image: image.tag,
    spec: (shell, changes) => image.spec(shell, changes),
  }));

  test.each([
    ['root', 0, 65_534],
    ['an ordinary user', 1_234, 0],
  ])('gives volumes and inputs for %s the same owners and modes', async (_, uid, other) => {
    const executor = createDockerExecutor({ address: addresses[place](), now: Date.now });
    const user = { user: { uid, gid: uid } };
    const spec = image.spec("stat -c '%n %a %u:%g' /in /in/a /out", user);
    const { containerId } = await executor.create(spec);
    const content = (async function* () {
      yield Buffer.from('text');
    })();
    await executor.putInputs(containerId, { spec, files: [{ name: 'a', sizeBytes: 4, content }] });
    await executor.start(containerId);
    await executor.wait(containerId);
    let log = '';
    await executor.followLogs(containerId, {
      onChunk: ({ bytes }) => void (log += Buffer.from(bytes)),
    });
    const owners = [
      `/in 555 ${other}:${other}`,
      `/in/a 444 ${other}:${other}`,
      `/out 700 ${uid}:${uid}`,
    ];
    expect(log.trim().split('\n')).toEqual(owners);
    await executor.remove(containerId);
    await executor.close();
  });
});
