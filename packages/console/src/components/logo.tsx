import type { ReactNode } from 'react';

/** Signal flag Lima: "this ship is under quarantine". */
export function Logo({ size = 30 }: { readonly size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M5 2.5v27" stroke="#e8f5f4" strokeWidth="2.4" strokeLinecap="round" />
      <path d="M8 4.500h22v18H8z" fill="#f6c90e" />
      <path d="M19 5.500h10v8H19zM9 13.500h10v8H9z" fill="#04161a" />
    </svg>
  );
}
