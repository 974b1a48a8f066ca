/** All targets; a group is loaded when one of its targets is requested. */
import type { FuzzTarget } from '../fuzz-target.ts';

type Group = () => Promise<readonly FuzzTarget[]>;

const groups: readonly Group[] = [
  async () => (await import('./archive-targets.ts')).archiveTargets,
  async () => (await import('./reader-targets.ts')).readerTargets(),
  async () => (await import('./inventory-targets.ts')).inventoryTargets,
  async () => (await import('./source-targets.ts')).sourceTargets,
  async () => (await import('./registry-targets.ts')).registryTargets,
  async () => (await import('./scan-targets.ts')).scanTargets,
  async () => (await import('./vulnerability-targets.ts')).vulnerabilityTargets,
  async () => (await import('./report-targets.ts')).reportTargets,
  async () => (await import('./notification-targets.ts')).notificationTargets,
  async () => (await import('./policy-targets.ts')).policyTargets,
  async () => (await import('./planted-targets.ts')).plantedTargets,
];

export async function listTargets(): Promise<readonly FuzzTarget[]> {
  return (await Promise.all(groups.map((load) => load()))).flat();
}

/** Loads only the required groups, because loaded code is counted by the coverage. */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  for (const load of groups) {
    const found = (await load()).find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  throw new Error(`no such target: ${name}`);
}
