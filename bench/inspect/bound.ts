/**
 * The bound: each layer inflated and hashed once, nothing else, as many threads as cores. Whoever
 * verifies a layer cannot do less. Prints the milliseconds that it took.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';

const chunkSize = 4 * 1024 * 1024;

if (isMainThread) await spread(process.argv.slice(2));
else {
  parentPort?.on('message', (path: string) => {
    void hashPlain(path).then((digest) => parentPort?.postMessage(digest));
  });
}

async function spread(paths: readonly string[]): Promise<void> {
  const begin = performance.now();
  const waiting = [...paths];
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL(import.meta.url));
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const answered = new Promise((resolve) => void worker.once('message', resolve));
      worker.postMessage(path);
      await answered;
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
  process.stdout.write(`${Math.round(performance.now() - begin)}\n`);
}

async function hashPlain(path: string): Promise<string> {
  const hash = createHash('sha256');
  const stored = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const first = await firstBytes(path);
  const transform = decoder(first);
  const plain = transform === undefined ? stored : stored.pipe(transform);
  for await (const chunk of plain) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function firstBytes(path: string): Promise<Buffer> {
  for await (const chunk of createReadStream(path, { end: 3 })) return chunk as Buffer;
  return Buffer.alloc(0);
}

function decoder(first: Buffer): Transform | undefined {
  if (first[0] === 0x1f && first[1] === 0x8b) return createGunzip({ chunkSize });
  if (first.length === 4 && first.readUInt32LE(0) === 0xfd2fb528) {
    return createZstdDecompress({ chunkSize });
  }
  return undefined;
}
