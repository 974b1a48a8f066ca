import { type SeverityCounts, severity, type Severity, type VerdictState } from '@lazaret/protocol';
import {
  IconBiohazard,
  IconEyeOff,
  IconProgressAlert,
  IconShieldCheck,
  IconZoomExclamation,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Status, StatusBadge } from './status-badge.tsx';

interface VerdictStatus extends Status {
  /** Explanation of the verdict. */
  readonly meaning: string;
}

export const verdictStatuses: Readonly<Record<VerdictState, VerdictStatus>> = {
  malicious: {
    label: 'Malicious',
    tone: 'failed',
    icon: IconBiohazard,
    meaning: 'Malware was detected in this image:',
  },
  suspicious: {
    label: 'Suspicious',
    tone: 'timed-out',
    icon: IconZoomExclamation,
    meaning: 'No malware was detected, but suspicious content was found:',
  },
  incomplete: {
    label: 'Incomplete',
    tone: 'warning',
    icon: IconProgressAlert,
    meaning: 'Nothing was detected in the examined part, but the examination is incomplete:',
  },
  unscanned: {
    label: 'Not scanned',
    tone: 'cancelled',
    icon: IconEyeOff,
    meaning: 'The contents were listed but not scanned for malware:',
  },
  clean: {
    label: 'Clean',
    tone: 'succeeded',
    icon: IconShieldCheck,
    meaning: 'Everything was examined by healthy scanners with current signatures; no detections.',
  },
};

interface VerdictBadgeProps {
  readonly state: VerdictState;
  readonly large?: boolean;
}

export function VerdictBadge({ state, large }: VerdictBadgeProps): ReactNode {
  return <StatusBadge status={verdictStatuses[state]} large={large} state={state} />;
}

const severityTones: Readonly<Record<Severity, string>> = {
  critical: 'failed',
  high: 'timed-out',
  medium: 'warning',
  low: 'running',
  info: 'cancelled',
};

export function SeverityBadge({ value }: { readonly value: Severity }): ReactNode {
  return <span className={`severity tone-${severityTones[value]}`}>{value}</span>;
}

/** Number of findings by severity; zero counts are omitted. */
export function Severities({ counts }: { readonly counts: SeverityCounts }): ReactNode {
  const found = severity.options.filter((name) => counts[name] > 0);
  if (found.length === 0) return <span className="dim">no findings</span>;
  return (
    <span className="severities">
      {found.map((name) => (
        <span key={name} className={`severity counted tone-${severityTones[name]}`}>
          <b className="number">{counts[name].toLocaleString('en')}</b> {name}
        </span>
      ))}
    </span>
  );
}
