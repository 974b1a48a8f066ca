/** Executables as files that readers select by their content. */
import type { ReadFile } from '../ecosystem.ts';
import { binaryMagic } from './binary-image.ts';

export const executables: NonNullable<ReadFile['content']> = {
  format: 'ELF, PE or Mach-O',
  magic: binaryMagic,
};
