/** Policies from files, with the VEX documents and test files that belong to them. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type * as policyPackage from '@lazaret/policy';
import type { Policy, PolicyException, PolicyFault } from '@lazaret/policy';

import type { Invocation, Shell } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, systemErrorCode, usageFailure } from '../../failure.ts';
import { readText } from '../../files/read-document.ts';
import { toFileFailure } from '../../files/upload-file.ts';
import { cliLimits } from '../../limits.ts';

/** Loaded when a command runs: CEL and the schemas take a moment. */
export async function loadPolicyPackage(): Promise<typeof policyPackage> {
  return import('@lazaret/policy');
}

export interface LoadedPolicy {
  readonly path: string;
  /** Undefined if the document has faults. */
  readonly policy: Policy | undefined;
  readonly faults: readonly PolicyFault[];
  /** Exceptions from VEX documents. */
  readonly exceptions: readonly PolicyException[];
  /** Statements of VEX documents that are not used, with the reason. */
  readonly notes: readonly string[];
}

export async function loadPolicy(shell: Shell, path: string): Promise<LoadedPolicy> {
  const { parsePolicy, policyLimits } = await loadPolicyPackage();
  const text = await readText(shell, path, policyLimits.documentBytes);
  const { policy, faults = [] } = parsePolicy(text);
  const base = { path, policy, faults, exceptions: [], notes: [] };
  return policy === undefined ? base : { ...base, ...(await readVexFiles(shell, path, policy)) };
}

/** As `loadPolicy`; a document with faults is a failure that lists them. */
export async function requirePolicy(
  shell: Shell,
  path: string,
): Promise<LoadedPolicy & { readonly policy: Policy }> {
  const loaded = await loadPolicy(shell, path);
  const { policy } = loaded;
  if (policy !== undefined && loaded.faults.length === 0) return { ...loaded, policy };
  throw new Failure(`${path} is not a valid policy`, {
    exitCode: exitCodes.failure.code,
    fields: loaded.faults.map((fault) => ({
      path: placeOf(path, fault),
      message: describe(fault),
    })),
  });
}

/** `policy.yaml:12:7`, which editors and terminals open. */
export function placeOf(path: string, { line, column }: PolicyFault): string {
  return line === undefined ? path : `${path}:${line}:${column ?? 1}`;
}

export function describe({ path, message }: PolicyFault): string {
  return path === '' ? message : `${path}: ${message}`;
}

async function readVexFiles(
  shell: Shell,
  path: string,
  policy: Policy,
): Promise<Pick<LoadedPolicy, 'faults' | 'exceptions' | 'notes'>> {
  const { readVex, policyLimits, VexError } = await loadPolicyPackage();
  const faults: PolicyFault[] = [];
  const exceptions: PolicyException[] = [];
  const notes: string[] = [];
  for (const [index, { file, owner, expires }] of policy.vex.entries()) {
    try {
      const text = await readText(shell, resolve(dirname(path), file), policyLimits.vexBytes);
      const read = readVex(text, { source: file, owner, expires });
      exceptions.push(...read.exceptions);
      notes.push(...read.notes.map((note) => `${file}: ${note}`));
    } catch (error) {
      if (!(error instanceof VexError) && !(error instanceof Failure)) throw error;
      const message = error instanceof VexError ? `${file}: ${error.message}` : error.message;
      faults.push({ line: undefined, column: undefined, path: `vex[${index}]`, message });
    }
  }
  return { faults, exceptions, notes };
}

const testSuffix = /\.test\.ya?ml$/;
const policySuffix = /\.ya?ml$/;

/** The policy files that the arguments name; a file with tests stands for its policy. */
export async function findPolicies({ arguments: paths }: Invocation): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(policiesAt));
  return [...new Set(found.flat())];
}

async function policiesAt(path: string): Promise<readonly string[]> {
  if (path === '-' || !(await isDirectory(path))) return [path.replace(testSuffix, '.yaml')];
  const names = (await readdir(path)).toSorted();
  const policies = names.filter((name) => policySuffix.test(name) && !testSuffix.test(name));
  if (policies.length === 0) throw usageFailure(`${path} contains no policy (*.yaml)`);
  if (policies.length > cliLimits.filesPerCommand) {
    throw usageFailure(`${path} contains more than ${cliLimits.filesPerCommand} files`);
  }
  return policies.map((name) => join(path, name));
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw toFileFailure(error, path);
  }
}

/** The file with tests next to a policy, if there is one. */
export async function findTestFile(path: string): Promise<string | undefined> {
  if (!policySuffix.test(path)) return undefined;
  for (const suffix of ['.test.yaml', '.test.yml']) {
    const candidate = path.replace(policySuffix, suffix);
    try {
      if ((await stat(candidate)).isFile()) return candidate;
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw toFileFailure(error, candidate);
    }
  }
  return undefined;
}
