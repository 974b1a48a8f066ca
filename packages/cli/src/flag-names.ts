/** Names of fields as they stand on the command line, and back. */

/** `timeLimit` as it stands on the command line: `time-limit`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/** `time-limit` as it stands in the parsed flags: `timeLimit`. */
export function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
