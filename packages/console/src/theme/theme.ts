/**
 * The identity: a harbour at night. Sea teal and ink for everything, the yellow of the signal
 * flag Lima (a ship under quarantine) for the primary element of a page.
 */
import { createTheme, type MantineColorsTuple, type MantineThemeOverride } from '@mantine/core';

const sea: MantineColorsTuple = [
  '#e8f5f4',
  '#cfe8e6',
  '#a1d1cf',
  '#6fbab7',
  '#45a3a1',
  '#268788',
  '#136d70',
  '#0c585d',
  '#0a464b',
  '#083338',
];

const signal: MantineColorsTuple = [
  '#fff9dc',
  '#fff1b8',
  '#ffe78a',
  '#fddc57',
  '#f9d22f',
  '#f6c90e',
  '#d9ae00',
  '#a88600',
  '#7c6300',
  '#524100',
];

const gray: MantineColorsTuple = [
  '#f6f9f9',
  '#ecf1f1',
  '#e0e8e8',
  '#cfdadb',
  '#b2c2c4',
  '#82979a',
  '#566b6f',
  '#3c5156',
  '#25373c',
  '#14262b',
];

const dark: MantineColorsTuple = [
  '#dce8e8',
  '#bccdce',
  '#97afb1',
  '#728d90',
  '#2c464c',
  '#213a40',
  '#16292f',
  '#102227',
  '#0a171b',
  '#061013',
];

export const theme: MantineThemeOverride = createTheme({
  colors: { sea, signal, gray, dark },
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.28,
  black: '#0d2228',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'IBM Plex Mono', ui-monospace, monospace",
  headings: {
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontWeight: '650',
  },
  defaultRadius: 'sm',
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: { defaultProps: { lockScroll: false } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
  },
});
