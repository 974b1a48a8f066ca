/** The settings of the gate, from the options of the configuration. */
import type { Configuration } from '../floor/config/index.ts';

export interface GateSettings {
  readonly project: string;
  /** The registry of names without a registry; undefined when each name begins with one. */
  readonly registry: string | undefined;
  /** Hosts under which clients reach the gate. */
  readonly names: readonly string[];
  readonly anonymous: boolean;
  readonly undecided: 'hold' | 'allow';
  readonly unavailable: 'deny' | 'allow';
  readonly waitMs: number;
  readonly redirects: 'follow' | 'pass';
  readonly catalog: boolean;
  readonly admissionUnknown: 'deny' | 'warn' | 'allow';
  readonly admissionWaitMs: number;
}

export function readGateSettings(values: Configuration): GateSettings {
  return {
    project: values.gateProject,
    registry: values.gateRegistry === '' ? undefined : values.gateRegistry,
    names: values.gateNames.map((name) => name.toLowerCase()),
    anonymous: values.gateAnonymous,
    undecided: values.gateUndecided,
    unavailable: values.gateUnavailable,
    waitMs: values.gateWait * 1_000,
    redirects: values.gateRedirects,
    catalog: values.gateCatalog,
    admissionUnknown: values.admissionUnknown,
    admissionWaitMs: values.admissionWait * 1_000,
  };
}
