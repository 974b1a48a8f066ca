import type { ReactNode } from 'react';

/** The signal flag Lima on its staff: "this ship is under quarantine". */
export function Logo({ size = 28 }: { readonly size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M5.5 3.5v25.500" stroke="#e8f5f4" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M9 5h10v9.500H9z" fill="#f6c90e" />
      <path d="M19 5h10v9.500H19z" fill="#04161a" />
      <path d="M9 14.500h10V24H9z" fill="#04161a" />
      <path d="M19 14.500h10V24H19z" fill="#f6c90e" />
      <path d="M9 5h20v19H9z" fill="none" stroke="#f6c90e" strokeWidth="1" />
    </svg>
  );
}
