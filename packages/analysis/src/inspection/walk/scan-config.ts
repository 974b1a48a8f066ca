/**
 * Scans the configuration of an image: labels, environment, history and commands are untrusted
 * content too.
 */

import { isRecord, ociLimits, parseUntrustedJson } from '@lazaret/oci';
import { examineTree } from './examine-tree.ts';
import type { ExaminePlan } from './examine-tree.ts';
import type { TreeRecord } from './tree-record.ts';

export const configPath = '(image configuration)';

/** A record without files; findings have the path `configPath`. */
export async function scanConfig(config: Buffer, plan: ExaminePlan): Promise<TreeRecord> {
  const nothing = { walk: () => noFiles() };
  const extra = config.length === 0 ? [] : [{ path: configPath, bytes: configText(config) }];
  const { record } = await examineTree(nothing, plan, () => extra);
  return record;
}

/**
 * The configuration with every name and value on its own line, because JSON escapes would prevent
 * signatures from matching; the original bytes when they are not JSON.
 */
export function configText(config: Buffer): Buffer {
  let root: unknown;
  try {
    const maxBytes = ociLimits.imageConfigBytes;
    root = parseUntrustedJson(config, { what: 'the configuration', maxBytes });
  } catch {
    return config;
  }
  const lines: string[] = [];
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') lines.push(value);
    else if (Array.isArray(value)) {
      for (const each of value.toReversed() as unknown[]) open.push(each);
    } else if (isRecord(value)) {
      for (const [name, each] of Object.entries(value).toReversed()) {
        if (typeof each === 'string') open.push(`${name}=${each}`);
        else open.push(each, name);
      }
    }
  }
  return Buffer.from(lines.join('\n'));
}

async function* noFiles(): AsyncGenerator<never, void, undefined> {
  // A configuration has no files.
}
