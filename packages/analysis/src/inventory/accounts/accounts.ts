/**
 * Accounts and groups: passwd(5), shadow(5), group(5), where systems keep them, also those whose
 * `/usr` is an image (`usr/lib/passwd`, `usr/etc/passwd`). A hash itself never becomes a fact.
 */
import type { Fact } from '@lazaret/protocol';

import { baseName } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { describePassword } from './password.ts';
import { present } from '../parsing/package-text.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';

const accountsPath = /^(?:etc|usr\/etc|usr\/lib)\/(?:passwd|shadow|group)$/;

export const accountsReader: Reader = {
  id: 'accounts',
  version: 1,
  wants: { names: ['passwd', 'shadow', 'group'] },
  accepts: ({ path }) => accountsPath.test(path),
  maxBytes: inventoryLimits.accountsFileBytes,
  read: readAccounts,
};

type Describe = (fields: readonly string[], path: string) => Fact | undefined;

function readAccounts({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const warnings = createParseWarnings({ reader: 'accounts', path, emit });
  const base = baseName(path);
  const describe = base === 'passwd' ? user : base === 'shadow' ? password : group;
  let number = 0;
  let count = 0;
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    if (end - start > inventoryLimits.accountLineBytes) {
      warnings.add('too_large', `line ${number} has ${end - start} bytes`);
      continue;
    }
    const text = textOf(bytes, start, end);
    if (text.trim() === '' || text.startsWith('#')) continue;
    const fact = describeLine({ text, number, path }, describe, warnings);
    if (fact === undefined) continue;
    count += 1;
    if (count > inventoryLimits.accountsPerFile) {
      throw new ReadError('too_many', `more than ${inventoryLimits.accountsPerFile} entries`);
    }
    emit(fact);
  }
}

interface AccountLine {
  readonly text: string;
  readonly number: number;
  readonly path: string;
}

function describeLine(
  { text, number, path }: AccountLine,
  describe: Describe,
  warnings: ParseWarnings,
): Fact | undefined {
  // The compat mode of nsswitch: `+@staff::::::` includes entries of another service.
  if (/^[+-]/.test(text)) {
    warnings.add('missing_part', `line ${number} includes accounts of another service`);
    return undefined;
  }
  const fact = describe(text.split(':'), path);
  if (fact === undefined) warnings.add('damaged', `line ${number} is not an entry`);
  return fact;
}

/** `root:x:0:0:root:/root:/bin/bash` */
function user(fields: readonly string[], path: string): Fact | undefined {
  const [name = '', secret = '', uid, gid, , home = '', shell] = fields;
  const numbers = [idOf(uid), idOf(gid)] as const;
  if (name === '' || shell === undefined || fields.length > 7) return undefined;
  if (numbers[0] === undefined || numbers[1] === undefined) return undefined;
  return {
    kind: 'user',
    path,
    name,
    uid: numbers[0],
    gid: numbers[1],
    home,
    shell,
    password:
      secret === 'x' || secret.startsWith('##') ? 'elsewhere' : describePassword(secret).state,
  };
}

/** `root:$y$...:19000:0:99999:7:::` */
function password([user = '', secret]: readonly string[], path: string): Fact | undefined {
  if (user === '' || secret === undefined) return undefined;
  const { state, scheme } = describePassword(secret);
  return { kind: 'password', path, user, state, ...present('scheme', scheme) };
}

/** `adm:x:4:syslog,alice` */
function group(fields: readonly string[], path: string): Fact | undefined {
  const [name = '', , id, members = ''] = fields;
  const gid = idOf(id);
  if (name === '' || gid === undefined || fields.length > 4) return undefined;
  const names = members.split(',').map((member) => member.trim());
  return { kind: 'group', path, name, gid, members: names.filter((member) => member !== '') };
}

/** A 32-bit number, as in a kernel. */
function idOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id < 2 ** 32 ? id : undefined;
}
