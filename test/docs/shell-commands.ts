/** The commands of the shell blocks in the documents, in the order in which a reader runs them. */

export interface ShellCommand {
  readonly page: string;
  /** The command without comments and continuation lines. */
  readonly text: string;
}

/** Fenced `sh` blocks and the comments in them; a line that ends with a backslash continues. */
export function shellCommandsOf(page: { path: string; text: string }): ShellCommand[] {
  return [...page.text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].flatMap(
    ([, block = '']) =>
      block
        .replaceAll(/\\\n\s*/g, '')
        .split('\n')
        .map((line) => line.replace(/(?:^|\s)#\s.*$/, '').trim())
        .filter((line) => line !== '')
        .map((text) => ({ page: page.path, text })),
  );
}
