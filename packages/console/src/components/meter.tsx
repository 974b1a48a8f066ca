import type { ReactNode } from 'react';

interface MeterProps {
  readonly label: string;
  readonly value: number;
  readonly max: number | null;
  /** The value and its limit as text. */
  readonly valueText: string;
}

const nearFull = 0.9;

/** A bar from zero to a limit. */
export function Meter({ label, value, max, valueText }: MeterProps): ReactNode {
  const share = max === null || max === 0 ? 0 : Math.min(1, value / max);
  return (
    <div className={`meter ${share >= nearFull ? 'tone-timed-out' : 'tone-moving'}`}>
      <div className="row between small">
        <span className="dim">{label}</span>
        <span className="number">{valueText}</span>
      </div>
      <div
        className="meter-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={valueText}
      >
        <div className="meter-fill" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
