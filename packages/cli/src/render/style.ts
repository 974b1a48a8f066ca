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

const byWord: Readonly<Record<string, StyleName>> = {
  // states of jobs, inspections and nodes
  succeeded: 'green',
  finished: 'green',
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
  // verdicts
  clean: 'green',
  suspicious: 'yellow',
  malicious: 'red',
  incomplete: 'yellow',
  unscanned: 'cyan',
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  // severities
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

/** States, verdicts and severities in their colour; `shown` is the word as it was cut or padded. */
export function styleState(style: Style, state: string, shown: string = state): string {
  const name = byWord[state];
  return name === undefined ? shown : style(name, shown);
}

/** Fields whose values have colours. */
export function isStateField(path: string): boolean {
  const name = path.split('.').at(-1) ?? path;
  return ['state', 'verdict', 'inspected', 'severity'].includes(name) || path === 'outcome.code';
}
