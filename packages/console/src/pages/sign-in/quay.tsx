import type { ReactNode } from 'react';

import { Logo } from '../../parts/logo.tsx';

/** The frame of sign-in and setup: what this is on one side, the form on the other. */
export function Quay({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="quay">
      <div className="quay-story">
        <Sea />
        <div className="brand">
          <Logo size={34} /> Lazaret
        </div>
        <div>
          <h1>Nothing comes ashore unexamined.</h1>
          <p>
            A quarantine station for containers: files go in, contained engines look at them, and
            results, logs and history come out.
          </p>
        </div>
      </div>
      <main className="quay-form">
        <div className="quay-card">{children}</div>
      </main>
    </div>
  );
}

function Sea(): ReactNode {
  return (
    <svg className="quay-sea" viewBox="0 0 800 300" preserveAspectRatio="none" aria-hidden="true">
      <path
        d="M0 120q100-40 200 0t200 0 200 0 200 0v180H0z"
        fill="#11555c"
        fillOpacity=".45"
      />
      <path d="M0 170q80-34 160 0t160 0 160 0 160 0 160 0v130H0z" fill="#0c3f47" fillOpacity=".8" />
      <path d="M0 224q120-30 240 0t240 0 240 0 240 0v76H0z" fill="#061d22" />
      <path d="M0 170q80-34 160 0t160 0 160 0 160 0 160 0" fill="none" stroke="#2f8a8c" strokeOpacity=".5" />
    </svg>
  );
}
