import { IconZoomScan } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';

/** Link to the inspection form; hidden without permission. */
export function InspectLink(): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (!mayInspect) return null;
  return (
    <LinkButton to="/images/inspect" leftSection={<IconZoomScan size={16} />}>
      Inspect an image
    </LinkButton>
  );
}
