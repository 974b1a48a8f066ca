/** Tables in Markdown. */

/** The first row is the head. Bars in cells are escaped. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** The first lines of a generated page. */
export function heading(title: string, source: string): string {
  return `# ${title}\n\nMade from ${code(source)} by ${code('npm run docs')}; edit that file instead.\n`;
}
