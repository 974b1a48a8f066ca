/**
 * The software reference describes packages with free text that differs between releases. This
 * table lists the words for tools that may be unwanted in an image; everything else is ordinary
 * software. Review it against `SELECT DISTINCT application_type FROM PKG` of each release.
 */
export const toolCategories = [
  'offensive-tool',
  'steganography',
  'surveillance',
  'password-recovery',
  'encryption',
  'remote-administration',
  'packer',
] as const;
export type ToolCategory = (typeof toolCategories)[number];

const patterns: readonly (readonly [ToolCategory, RegExp])[] = [
  ['offensive-tool', /\bhack(?:er|ing)\b|\bexploit|\bpenetration test|\bmalware\b|\brootkit/],
  ['steganography', /\bstegano/],
  ['surveillance', /\bkey ?-?logg|\bsurveillance\b|\bspyware\b|\bmonitoring of users\b/],
  ['password-recovery', /\bpassword (?:recover|crack|attack)|\bcracker\b/],
  ['encryption', /\bencryption\b|\bcryptograph/],
  ['remote-administration', /\bremote (?:admin|access|control)/],
  ['packer', /\bpacker\b|\bexecutable compress/],
];

/** Encryption and packers are ordinary software: they are reported, but not as findings. */
const everyday: ReadonlySet<ToolCategory> = new Set(['encryption', 'packer']);

/** The kinds of tool in a package's `application_type`; empty for ordinary software. */
export function categoriesOf(applicationType: string): readonly ToolCategory[] {
  const text = applicationType.slice(0, 500).toLowerCase();
  return patterns.filter(([, pattern]) => pattern.test(text)).map(([category]) => category);
}

/** Whether a package of this kind is reported as a finding. */
export function isUnwanted(category: ToolCategory): boolean {
  return !everyday.has(category);
}
