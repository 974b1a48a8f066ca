/** What a sealed set says of a digest, as bits of one byte. */
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
  // Everyday software; no room is spent on telling the two apart.
  encryption: 128,
  packer: 128,
};

/** The flags of software of these categories. */
export function flagsOf(categories: readonly ToolCategory[]): number {
  return categories.reduce((flags, each) => flags | categoryFlags[each], knownSoftwareFlag);
}

/** The kinds of tool that the flags name and that are worth a finding. */
export function unwantedIn(flags: number): readonly ToolCategory[] {
  return toolCategories.filter((each) => isUnwanted(each) && (flags & categoryFlags[each]) !== 0);
}
