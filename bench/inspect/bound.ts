/**
 * The bound: each layer inflated and hashed once, nothing else, as many threads as cores. A tool
 * that verifies layers cannot do less. With `--all-digests` it computes all those in a report: of
 * the stored bytes and of the tar, and SHA-256, SHA-1 and MD5 of what is in it, as if that were one
 * file; a tool that reports them cannot do less this way. Prints the milliseconds that it took.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';

const chunkSize = 4 * 1024 * 1024;

interface Task {
  readonly path: string;
  readonly all: boolean;
}

if (isMainThread) {
  const words = process.argv.slice(2);
  const all = words[0] === '--all-digests';
  await spread((all ? words.slice(1) : words).map((path) => ({ path, all })));
} else {
  parentPort?.on('message', (task: Task) => {
    void hashPlain(task).then((digest) => parentPort?.postMessage(digest));
  });
}

async function spread(tasks: readonly Task[]): Promise<void> {
  const begin = performance.now();
  const waiting = [...tasks];
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL(import.meta.url));
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const answered = new Promise((resolve) => void worker.once('message', resolve));
      worker.postMessage(task);
      await answered;
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
  process.stdout.write(`${Math.round(performance.now() - begin)}\n`);
}

async function hashPlain({ path, all }: Task): Promise<string> {
  const ofStored = createHash('sha256');
  const ofPlain = ['sha256', ...(all ? ['sha256', 'sha1', 'md5'] : [])].map((each) =>
    createHash(each),
  );
  const stored = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const first = await firstBytes(path);
  const transform = decoder(first);
  const plain = transform === undefined ? stored : stored.pipe(transform);
  if (all && plain !== stored) stored.on('data', (chunk) => ofStored.update(chunk));
  for await (const chunk of plain) for (const hash of ofPlain) hash.update(chunk as Buffer);
  return ofPlain.map((hash) => hash.digest('hex')).join(' ');
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
