/** Colours, for terminals that support them. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type StyleName = keyof typeof codes;
/** Wraps text in a style, or returns it unchanged. */
export type Style = (name: StyleName, text: string) => string;

export function createStyle(enabled: boolean): Style {
  return (name, text) => {
    if (!enabled || text === '') return text;
    const [start, end] = codes[name];
    return `\u001B[${start}m${text}\u001B[${end}m`;
  };
}

/** Width of a terminal in characters; undefined for pipes and files. Some terminals report 0. */
export function widthOf(stream: NodeJS.WriteStream): number | undefined {
  if (!stream.isTTY) return undefined;
  return stream.columns > 0 ? stream.columns : usualChars;
}

const usualChars = 80;

const byState: Readonly<Record<string, StyleName>> = {
  succeeded: 'green',
  failed: 'red',
  timed_out: 'red',
  cancelled: 'dim',
  queued: 'yellow',
  placed: 'cyan',
  starting: 'cyan',
  running: 'cyan',
  collecting: 'cyan',
  online: 'green',
  offline: 'red',
  unknown: 'yellow',
};

/** States of jobs and nodes in their colour. */
export function styleState(style: Style, state: string): string {
  const name = byState[state];
  return name === undefined ? state : style(name, state);
}
