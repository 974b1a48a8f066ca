import type { ReactNode } from 'react';

import { Logo } from '../../parts/logo.tsx';

/** The frame of sign-in and setup: what this is on one side, the form on the other. */
export function Quay({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="quay">
      <div className="quay-story">
        <Roadstead />
        <div className="brand">
          <Logo size={34} /> Lazaret
        </div>
        <div className="quay-words">
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

/** A ship at anchor under the flag Lima. */
function Roadstead(): ReactNode {
  return (
    <svg
      className="quay-sea"
      viewBox="0 0 800 420"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
    >
      <circle cx="628" cy="74" r="34" fill="#f6e7b0" fillOpacity=".85" />
      <path d="M0 236q100-22 200 0t200 0 200 0 200 0v184H0z" fill="#0f4a52" />
      <g>
        <path d="M300 232l26 62h226l40-62h-74l-8 18H384l-6-18z" fill="#04161a" />
        <path d="M398 250v-44h84v44zM498 250v-26h30v26z" fill="#0b2a30" />
        <path d="M412 220h12v10h-12zM436 220h12v10h-12zM460 220h12v10h-12z" fill="#f6c90e" />
        <path d="M432 206V84" stroke="#cfe3e3" strokeWidth="3.500" />
        <path
          d="M432 100L318 232M432 100l142 132"
          stroke="#cfe3e3"
          strokeOpacity=".35"
          strokeWidth="1.500"
        />
        <path d="M435 90h64v48h-64z" fill="#f6c90e" />
        <path d="M467 92h30v22h-30zM437 114h30v22h-30z" fill="#04161a" />
        <path d="M322 270l-54 96" stroke="#cfe3e3" strokeOpacity=".45" strokeWidth="2" />
      </g>
      <path
        d="M0 286q80-20 160 0t160 0 160 0 160 0 160 0v134H0z"
        fill="#0b3940"
        fillOpacity=".93"
      />
      <path
        d="M0 286q80-20 160 0t160 0 160 0 160 0 160 0"
        fill="none"
        stroke="#3b9192"
        strokeOpacity=".6"
      />
      <path d="M0 344q120-22 240 0t240 0 240 0 240 0v76H0z" fill="#062127" />
      <path
        d="M600 320h56M616 332h24"
        stroke="#f6e7b0"
        strokeOpacity=".45"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  );
}
