/** Pushes a built image to a registry, as in the distribution specification. */
import { manifestType, type StorableImage } from './registry-store.ts';

export interface PushTarget {
  /** `http://127.0.0.1:5000`. */
  readonly origin: string;
  readonly repository: string;
  readonly tag: string;
  readonly authorization?: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Pushes blobs first, in two chunks each, then manifests, children before parents. */
export async function pushImage(target: PushTarget, image: StorableImage): Promise<void> {
  const manifests: { digest: string; bytes: Buffer; type: string }[] = [];
  for (const [digest, content] of image.blobs) {
    const bytes = Buffer.from(content);
    const type = manifestType(bytes);
    if (type === undefined) await pushBlob(target, digest, bytes);
    else manifests.push({ digest, bytes, type });
  }
  for (const { digest, bytes, type } of manifests.toReversed()) {
    await pushManifest(target, digest, { bytes, type });
  }
  const top = manifests.find(({ digest }) => digest === image.descriptor.digest);
  if (top !== undefined) await pushManifest(target, target.tag, top);
}

async function pushBlob(target: PushTarget, digest: string, bytes: Buffer): Promise<void> {
  const begun = await send(target, `/v2/${target.repository}/blobs/uploads/`, { method: 'POST' });
  const half = bytes.length >> 1;
  const body = new Uint8Array(bytes.subarray(0, half));
  const part = await send(target, placeOf(begun), { method: 'PATCH', body });
  const last = new URL(placeOf(part), target.origin);
  last.searchParams.set('digest', digest);
  await send(target, last.href, { method: 'PUT', body: new Uint8Array(bytes.subarray(half)) });
}

async function pushManifest(
  target: PushTarget,
  reference: string,
  { bytes, type }: { readonly bytes: Buffer; readonly type: string },
): Promise<void> {
  await send(target, `/v2/${target.repository}/manifests/${reference}`, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'content-type': type },
  });
}

async function send(target: PushTarget, path: string, init: RequestInit): Promise<Response> {
  const { origin, authorization, fetch: ask = fetch } = target;
  const headers = new Headers(init.headers);
  if (authorization !== undefined) headers.set('authorization', authorization);
  if (!headers.has('content-type')) headers.set('content-type', 'application/octet-stream');
  const answer = await ask(new URL(path, origin), { ...init, headers });
  if (answer.ok) return answer;
  throw new Error(`${init.method} ${path}: ${answer.status} ${await answer.text()}`);
}

function placeOf(answer: Response): string {
  return answer.headers.get('location') ?? '';
}
