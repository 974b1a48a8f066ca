/** What is wrong with a document, and where. */
export interface PolicyFault {
  /** 1 for the first line; undefined if it is about the whole text. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** `rules[2].condition` */
  readonly path: string;
  readonly message: string;
}

/** `line 3, column 7: rules[0].severity: ...` */
export function formatFault({ line, column, path, message }: PolicyFault): string {
  const where = line === undefined ? '' : `line ${line}, column ${column ?? 1}: `;
  return `${where}${path === '' ? '' : `${path}: `}${message}`;
}

export type Path = readonly (string | number)[];
