/** Converts names of fields to names of flags and back. */

/** `timeLimit` as a flag: `time-limit`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

/** `time-limit` as a key of the parsed flags: `timeLimit`. */
export function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
