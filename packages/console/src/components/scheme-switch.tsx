import { useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const schemes = [
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
  { value: 'auto', label: 'System', icon: IconDeviceDesktop },
] as const;

/** Light, dark or system colour scheme. */
export function SchemeSwitch(): ReactNode {
  // Without keepTransitions a style element would be added, which the policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return (
    <div className="scheme-switch" role="radiogroup" aria-label="Color scheme">
      {schemes.map(({ value, label, icon: SchemeIcon }) => (
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={colorScheme === value}
          aria-label={label}
          title={label}
          onClick={() => setColorScheme(value)}
        >
          <SchemeIcon size={16} aria-hidden />
        </button>
      ))}
    </div>
  );
}
