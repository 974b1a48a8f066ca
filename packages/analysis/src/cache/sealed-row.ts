/**
 * Each cached row has a checksum of its content and its key. A row damaged by a failing disk, a
 * backup restored in the middle of a write or mixed files may look valid and still belong to
 * another layer: it is used only when its checksum matches.
 */
import { hash } from 'node:crypto';

/** Detects accidental corruption; writers of the cache are trusted. */
const sealBytes = 16;

export type RowKey = readonly (string | number)[];

export function sealRow(key: RowKey, body: Uint8Array): Uint8Array {
  return Buffer.concat([sealOf(key, body), body]);
}

/** The body when the checksum matches the key and the content. */
export function openRow(key: RowKey, sealed: unknown): Uint8Array | undefined {
  if (!(sealed instanceof Uint8Array) || sealed.length < sealBytes) return undefined;
  const body = sealed.subarray(sealBytes);
  return sealOf(key, body).equals(sealed.subarray(0, sealBytes)) ? body : undefined;
}

function sealOf(key: RowKey, body: Uint8Array): Buffer {
  const ofBody = hash('sha256', body);
  return hash('sha256', JSON.stringify([key, ofBody]), 'buffer').subarray(0, sealBytes);
}
