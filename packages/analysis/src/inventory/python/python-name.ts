/**
 * The normalized form of a Python project's name: lower case, with single dashes
 * (https://packaging.python.org/en/latest/specifications/name-normalization/).
 */
export function pythonName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[-_.]+/g, '-');
}
