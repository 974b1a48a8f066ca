/** How the settings of a target are entered. */
import {
  policyVerdicts,
  type TargetKind,
  type TargetSettings,
  verdictState,
} from '@lazaret/protocol';

export type InputName = keyof TargetSettings;

export interface InputInfo {
  readonly name: InputName;
  /** Only for this kind of target. */
  readonly kind?: TargetKind;
  /** For every kind but this. */
  readonly except?: TargetKind;
  readonly type: 'text' | 'list' | 'choice' | 'switch';
  readonly label: string;
  readonly help?: string;
  readonly required?: boolean;
}

/** Verdicts of inspections, and of policies. */
export const verdictOptions: string[] = [...new Set([...verdictState.options, ...policyVerdicts])];

const fileHelp = 'file:PATH in the directory notifications of the server, or env:NOTIFICATION_NAME';

export const targetInputs: readonly InputInfo[] = [
  { name: 'url', kind: 'webhook', type: 'text', label: 'URL', required: true },
  {
    name: 'format',
    kind: 'webhook',
    type: 'choice',
    label: 'Format',
    help: 'slack is text for Slack and Mattermost',
  },
  { name: 'secrets', kind: 'webhook', type: 'list', label: 'Secrets that sign', help: fileHelp },
  {
    name: 'server',
    kind: 'email',
    type: 'text',
    label: 'Mail server',
    help: 'HOST or HOST:PORT',
    required: true,
  },
  { name: 'tls', kind: 'email', type: 'choice', label: 'Protection of the connection' },
  { name: 'credentials', kind: 'email', type: 'text', label: 'Credentials', help: fileHelp },
  { name: 'from', kind: 'email', type: 'text', label: 'Sender', required: true },
  { name: 'to', kind: 'email', type: 'list', label: 'Recipients', required: true },
  {
    name: 'digest',
    kind: 'email',
    type: 'text',
    label: 'Digest',
    help: 'Collect events for this time, as in 15m, and send one mail',
  },
  {
    name: 'directory',
    kind: 'file',
    type: 'text',
    label: 'Directory',
    help: 'A name below exports in the data directory of the server',
    required: true,
  },
  {
    name: 'layout',
    kind: 'file',
    type: 'choice',
    label: 'Layout',
    help: 'events: JSON lines; collector: the files of Banyan Collector',
  },
  {
    name: 'allowPrivate',
    except: 'file',
    type: 'switch',
    label: 'Allow private addresses',
    help: 'For receivers in the network of the server',
  },
];
