/** The registry settings of the configuration as rows, in order of importance. */
import { formatDuration, plural, type RegistrySettings } from '@lazaret/protocol';

export interface RegistrySetting {
  readonly key: keyof RegistrySettings;
  readonly label: string;
  readonly values: readonly string[];
}

/** Every registry setting, in the order of the page. */
const labels: Readonly<Record<keyof RegistrySettings, string>> = {
  public: 'Public registries',
  private: 'Registries at private addresses',
  plainHttp: 'Plain HTTP',
  skipVerify: 'TLS verification disabled',
  caFiles: 'Certificate authorities',
  mirrors: 'Mirrors',
  rates: 'Rate limits',
  credentialsFile: 'Docker credentials file',
  containersAuth: 'Credentials of podman and skopeo',
  pullSecrets: 'Kubernetes pull secrets',
  credentialHelpers: 'Credential helpers',
  foreign: 'Hosts of foreign layers',
};

const keys = Object.keys(labels) as (keyof RegistrySettings)[];

/** `inspection` is the value of that option; the server has validated it. */
export function listRegistrySettings(inspection: unknown): RegistrySetting[] {
  const registries = propertyOf(inspection, 'registries');
  return keys.map((key) => {
    const label = labels[key];
    const value = propertyOf(registries, key);
    const values = key === 'credentialHelpers' ? helperValues(value) : valuesOf(value);
    return { key, label, values };
  });
}

/** The names of the variables only: their values may be secrets. */
function helperValues(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const names = Object.keys(propertyOf(value, 'environment') ?? {});
  return ['allowed', ...names.map((name) => `variable ${name}`)];
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function valuesOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'boolean') return [value ? 'allowed' : 'not allowed'];
  if (Array.isArray(value)) return value.map(textOf);
  if (typeof value !== 'object') return [textOf(value)];
  return Object.entries(value).map(([host, one]) => `${host}: ${detailOf(one)}`);
}

function detailOf(value: unknown): string {
  return Array.isArray(value) ? value.map(detailOf).join(', ') : textOf(value);
}

function textOf(value: unknown): string {
  const requests = propertyOf(value, 'requests');
  const periodMs = propertyOf(value, 'periodMs');
  if (typeof requests === 'number' && typeof periodMs === 'number') {
    return `${plural(requests, 'request')} per ${formatDuration(periodMs)}`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
