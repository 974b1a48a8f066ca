/**
 * What is kept carries a digest of itself and of the key under which it was put. A row that a
 * damaged disk, a backup put back in the middle of a write or two mixed files left behind may look
 * whole and still say something of another layer: it is believed only when its seal holds.
 */
import { hash } from 'node:crypto';

/** Enough to tell by accident; whoever may write to the cache is trusted. */
const sealBytes = 16;

export type RowKey = readonly (string | number)[];

export function sealRow(key: RowKey, body: Uint8Array): Uint8Array {
  return Buffer.concat([sealOf(key, body), body]);
}

/** The body, when these bytes were put under this key. */
export function openRow(key: RowKey, sealed: unknown): Uint8Array | undefined {
  if (!(sealed instanceof Uint8Array) || sealed.length < sealBytes) return undefined;
  const body = sealed.subarray(sealBytes);
  return sealOf(key, body).equals(sealed.subarray(0, sealBytes)) ? body : undefined;
}

function sealOf(key: RowKey, body: Uint8Array): Buffer {
  const ofBody = hash('sha256', body);
  return hash('sha256', JSON.stringify([key, ofBody]), 'buffer').subarray(0, sealBytes);
}
