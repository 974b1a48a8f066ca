/** Settings of a registry in forms: how each is entered, and which of them changed. */
import {
  formatDuration,
  type RegistryChange,
  registryKinds,
  type RegistryKind,
  type WatchSettings,
} from '@lazaret/protocol';

export type SettingName = keyof WatchSettings;

interface FieldInfo {
  readonly name: SettingName;
  readonly label: string;
  readonly help?: string;
}

export interface TextSetting extends FieldInfo {
  readonly type: 'text' | 'list' | 'number' | 'switch';
}

export interface SettingGroup {
  readonly title: string;
  readonly fields: readonly TextSetting[];
}

export const kindLabels: Readonly<Record<RegistryKind, string>> = {
  distribution: 'Distribution (docker-registry)',
  'docker-hub': 'Docker Hub',
  harbor: 'Harbor',
  ghcr: 'GitHub Container Registry',
  quay: 'Quay',
  gitea: 'Gitea',
  forgejo: 'Forgejo',
  acr: 'Azure Container Registry',
  jfrog: 'JFrog Artifactory',
  oci: 'Other OCI registry',
  local: 'Local container engine',
};

export const kindOptions: readonly { readonly value: RegistryKind; readonly label: string }[] =
  registryKinds.map((value) => ({ value, label: kindLabels[value] }));

const patternHelp = '* matches within a path component, ** across them';

export const settingGroups: readonly SettingGroup[] = [
  {
    title: 'What is watched',
    fields: [
      { name: 'repositories', label: 'Repositories', type: 'list', help: patternHelp },
      { name: 'exclude', label: 'Excluded repositories', type: 'list' },
      {
        name: 'repositoryFile',
        label: 'File of repositories',
        type: 'text',
        help: 'One pattern per line; read again at every poll',
      },
      { name: 'tags', label: 'Tags', type: 'list' },
      { name: 'excludeTags', label: 'Excluded tags', type: 'list' },
      {
        name: 'platforms',
        label: 'Platforms',
        type: 'list',
        help: 'default, all, or os/architecture[/variant]',
      },
    ],
  },
  {
    title: 'Connection',
    fields: [
      {
        name: 'credentials',
        label: 'Credentials',
        type: 'text',
        help: 'docker-config, file:PATH, env:NAME or none; never stored',
      },
      { name: 'caFile', label: 'File of a certificate authority', type: 'text' },
      { name: 'mirrors', label: 'Mirrors', type: 'list' },
      { name: 'plainHttp', label: 'HTTP without TLS', type: 'switch' },
      { name: 'skipVerify', label: 'Do not verify the certificate', type: 'switch' },
    ],
  },
  {
    title: 'Pace',
    fields: [
      { name: 'pollInterval', label: 'Poll interval', type: 'text', help: 'As in 90s, 5m or 1h' },
      { name: 'rates', label: 'Request limits', type: 'list', help: 'As in 100/6h and 20/1m' },
      {
        name: 'backlog',
        label: 'Backlog',
        type: 'number',
        help: 'Newest images of a repository that are inspected at first sight',
      },
    ],
  },
];

/** Values of the form by setting. */
export type SettingValues = Partial<Record<SettingName, unknown>>;

/** The settings of a registry as they are entered: the poll interval as text. */
export function toValues(settings: WatchSettings): SettingValues {
  return { ...settings, pollInterval: formatDuration(settings.pollInterval * 1_000) };
}

/** The values that differ from the stored ones. */
export function changedValues(before: SettingValues, after: SettingValues): RegistryChange {
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as SettingName]),
  );
  // The server validates; the input is sent unchanged.
  return Object.fromEntries(changed) as RegistryChange;
}
