import { type SeverityCounts, severity, type Severity, type VerdictState } from '@lazaret/protocol';
import {
  IconBiohazard,
  IconEyeOff,
  IconProgressAlert,
  IconShieldCheck,
  IconZoomExclamation,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Look, LookBadge } from './look-badge.tsx';

interface VerdictLook extends Look {
  /** What the verdict means, for people who do not know the words yet. */
  readonly meaning: string;
}

export const verdictLooks: Readonly<Record<VerdictState, VerdictLook>> = {
  malicious: {
    word: 'Malicious',
    tone: 'failed',
    icon: IconBiohazard,
    meaning: 'A scanner, a rule or a list names something in this image as malicious:',
  },
  suspicious: {
    word: 'Suspicious',
    tone: 'timed-out',
    icon: IconZoomExclamation,
    meaning: 'Nothing is named as malicious, but something here deserves a closer look:',
  },
  incomplete: {
    word: 'Incomplete',
    tone: 'warning',
    icon: IconProgressAlert,
    meaning: 'Nothing bad was found in what could be examined, but not everything could be:',
  },
  unscanned: {
    word: 'Not scanned',
    tone: 'cancelled',
    icon: IconEyeOff,
    meaning: 'The contents were listed, but nothing searched them for malware:',
  },
  clean: {
    word: 'Clean',
    tone: 'succeeded',
    icon: IconShieldCheck,
    meaning: 'Everything was examined by healthy scanners with fresh signatures; none complained.',
  },
};

interface VerdictBadgeProps {
  readonly state: VerdictState;
  readonly large?: boolean;
}

export function VerdictBadge({ state, large }: VerdictBadgeProps): ReactNode {
  return <LookBadge look={verdictLooks[state]} large={large} state={state} />;
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

/** How many findings there are of each severity; those that are not there take no room. */
export function Severities({ counts }: { readonly counts: SeverityCounts }): ReactNode {
  const found = severity.options.filter((name) => counts[name] > 0);
  if (found.length === 0) return <span className="dim">none</span>;
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
