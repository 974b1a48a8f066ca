/** Flags of a digest in a sealed set, as bits of one byte. */
import { isUnwanted, toolCategories } from './tool-categories.ts';
import type { ToolCategory } from './tool-categories.ts';

/** The two axes: known as software, known as a threat. Either, both or none. */
export const knownSoftwareFlag = 1;
export const knownThreatFlag = 2;

const categoryFlags: Readonly<Record<ToolCategory, number>> = {
  'offensive-tool': 4,
  steganography: 8,
  surveillance: 16,
  'password-recovery': 32,
  'remote-administration': 64,
  // Ordinary software; the two kinds are not distinguished.
  encryption: 128,
  packer: 128,
};

/** The flags of software of these categories. */
export function flagsOf(categories: readonly ToolCategory[]): number {
  return categories.reduce((flags, each) => flags | categoryFlags[each], knownSoftwareFlag);
}

/** The kinds of tool in the flags that are reported as findings. */
export function unwantedIn(flags: number): readonly ToolCategory[] {
  return toolCategories.filter((each) => isUnwanted(each) && (flags & categoryFlags[each]) !== 0);
}
