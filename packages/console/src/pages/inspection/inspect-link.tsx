import { IconZoomScan } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { LinkButton } from '../../parts/router-link.tsx';
import { useAllowed } from '../../session.ts';

/** Leads to the form for an inspection; nothing for people who may ask for none. */
export function InspectLink(): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (!mayInspect) return null;
  return (
    <LinkButton to="/images/inspect" leftSection={<IconZoomScan size={16} />}>
      Inspect an image
    </LinkButton>
  );
}
