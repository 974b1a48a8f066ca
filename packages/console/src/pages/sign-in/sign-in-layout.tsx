import type { ReactNode } from 'react';

import { Logo } from '../../components/logo.tsx';

/** Layout of the sign-in and setup pages: introduction and form. */
export function SignInLayout({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="sign-in">
      <div className="sign-in-intro">
        <HarbourIllustration />
        <div className="brand">
          <Logo size={34} /> Lazaret
        </div>
        <div className="sign-in-text">
          <h1>Quarantine for containers</h1>
          <p>
            Analyze untrusted files in sandboxed engines, and inspect container images without
            running them.
          </p>
        </div>
      </div>
      <main className="sign-in-main">
        <div className="sign-in-card">{children}</div>
      </main>
    </div>
  );
}

/** Illustration: a ship at anchor under signal flag Lima. */
function HarbourIllustration(): ReactNode {
  return (
    <svg
      className="sign-in-art"
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
